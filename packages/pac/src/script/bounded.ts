/**
 * The limit in time of an interpreter is looked at between the steps of a script, and a built-in function is one step: to look through a list that has
 * a length of four thousand million, and nothing in it, takes minutes. So a script finds the built-ins of lists and texts with limits of their own, and these look at the
 * clock where they have done much. What works on memory that it makes by itself, and what no such script has a use for, is taken away.
 */

/** The longest list that a built-in goes through. */
const longestList = 100_000;
/** Searching a text takes up to the product of both lengths. */
const longestSearch = 100_000_000;
/** So many items and characters are gone through between two looks at the clock. */
const mostWork = 100_000;

export const boundedBuiltins: string = String.raw`
(function (global) {
  'use strict';
  ['Proxy', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView', 'Atomics'].forEach(function (name) { delete global[name]; });
  Object.getOwnPropertyNames(global).forEach(function (name) { if (/^(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array$/.test(name)) delete global[name]; });

  var apply = Reflect.apply, isArray = Array.isArray, slice = Array.prototype.slice, toText = String, Failure = RangeError;
  var sourceOf = Object.getOwnPropertyDescriptor(RegExp.prototype, 'source').get;
  var lists = Array.prototype, texts = String.prototype;
  var tick = global.$host.tick, work = 0, isLate = false;

  function define(on, name, value) {
    Object.defineProperty(on, name, { value: value, writable: true, configurable: true, enumerable: false });
  }
  /** The time that is over is told by an error, and to who catches it with each step from then on. */
  function spend(amount) {
    work += amount;
    if (!isLate && work <= ${mostWork}) return;
    work = 0;
    isLate = true;
    tick();
    isLate = false;
  }
  function checked(length) {
    if (!(length <= ${longestList})) throw new Failure('A list of more than ${longestList} is too long here');
    spend(length);
    return length;
  }
  /** What only looks like a list is made one, step by step: its length is read once. */
  function listOf(value) {
    if (isArray(value)) { checked(value.length); return value; }
    var like = Object(value), length = checked(Math.min(Math.max(Math.trunc(Number(like.length)) || 0, 0), 9007199254740991)), list = [];
    list.length = length;
    for (var index = 0; index < length; index++) if (index in like) list[index] = like[index];
    return list;
  }

  Object.getOwnPropertyNames(lists).forEach(function (name) {
    var native = lists[name];
    if (typeof native !== 'function' || /^(?:constructor|push|pop|keys|values|entries|at|concat|flat|flatMap)$/.test(name)) return;
    define(lists, name, function () { return apply(native, listOf(this), arguments); });
  });
  define(lists, 'concat', function () {
    var all = [];
    function add(value) {
      if (!isArray(value)) { all[all.length] = value; return; }
      var begin = all.length, length = checked(value.length);
      checked(begin + length);
      for (var index = 0; index < length; index++) if (index in value) all[begin + index] = value[index];
      all.length = begin + length;
    }
    add(this);
    for (var index = 0; index < arguments.length; index++) add(arguments[index]);
    return all;
  });
  function flatten(list, depth, into) {
    for (var index = 0, length = checked(list.length); index < length; index++) {
      if (!(index in list)) continue;
      if (depth > 0 && isArray(list[index])) flatten(list[index], depth - 1, into);
      else into[into.length] = list[index];
    }
    return into;
  }
  define(lists, 'flat', function (depth) { return flatten(listOf(this), depth === undefined ? 1 : Number(depth), []); });
  var map = lists.map;
  define(lists, 'flatMap', function (callback, self) { return flatten(apply(map, this, [callback, self]), 1, []); });

  function isPattern(value) {
    try { apply(sourceOf, value, []); return true; } catch (error) { return false; }
  }
  ['toLowerCase', 'toUpperCase', 'trim', 'normalize', 'slice', 'substring', 'substr', 'concat', 'match', 'matchAll', 'search', 'repeat', 'padStart', 'padEnd'].forEach(function (name) {
    var native = texts[name];
    if (native === undefined) return;
    define(texts, name, function () {
      spend(typeof this === 'string' ? this.length : 0);
      var made = apply(native, this, arguments);
      spend(typeof made === 'string' ? made.length : 0);
      return made;
    });
  });
  ['parse', 'stringify'].forEach(function (name) {
    var native = JSON[name];
    define(JSON, name, function (value) {
      spend(typeof value === 'string' ? value.length : 0);
      var made = apply(native, JSON, arguments);
      spend(typeof made === 'string' ? made.length : 0);
      return made;
    });
  });
  ['indexOf', 'lastIndexOf', 'includes', 'split', 'replace', 'replaceAll'].forEach(function (name) {
    var native = texts[name];
    define(texts, name, function (searched) {
      if (this === null || this === undefined) throw new TypeError('There is no text');
      var text = toText(this), rest = apply(slice, arguments, []);
      spend(text.length);
      if (rest.length > 0 && !(name === 'split' && searched === undefined) && !isPattern(searched)) {
        rest[0] = toText(searched);
        spend((text.length * rest[0].length) / 100);
        if (text.length * rest[0].length > ${longestSearch}) throw new Failure('The texts are too long to be searched here');
      }
      return apply(native, text, rest);
    });
  });
})(globalThis);
`;
