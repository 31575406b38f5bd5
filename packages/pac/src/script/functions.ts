/**
 * The functions that every PAC script finds, as it finds them: in its own interpreter. What they can't know (names, networks, the time) they ask
 * of `$host`, which is taken away from the global object before the script runs.
 */
export const pacFunctions: string = String.raw`
(function (global) {
  'use strict';
  var host = global.$host;
  delete global.$host;
  var days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
  var months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

  function define(name, value) {
    Object.defineProperty(global, name, { value: value, writable: true, configurable: true, enumerable: false });
  }

  /** The arguments without a GMT at their end, and the time that they are about. */
  function timed(args) {
    var values = Array.prototype.slice.call(args);
    var isGmt = values.length > 0 && String(values[values.length - 1]).toUpperCase() === 'GMT';
    if (isGmt) values.pop();
    var now = host.now(isGmt).split(' ').map(Number);
    return { values: values, year: now[0], month: now[1], day: now[2], hour: now[3], minute: now[4], second: now[5], weekday: now[6] };
  }

  /** Round the corner where it begins later than it ends. */
  function isBetween(first, value, last) {
    return first <= last ? first <= value && value <= last : first <= value || value <= last;
  }

  /** A pattern with * and ?, in time that grows with both. */
  function matches(text, pattern) {
    var at = 0, of = 0, star = -1, since = 0;
    while (at < text.length) {
      if (of < pattern.length && pattern[of] === '*') { star = of++; since = at; }
      else if (of < pattern.length && (pattern[of] === '?' || pattern[of] === text[at])) { at++; of++; }
      else if (star !== -1) { of = star + 1; at = ++since; }
      else return false;
    }
    while (of < pattern.length && pattern[of] === '*') of++;
    return of === pattern.length;
  }

  function addressesOf(name) {
    var found = host.resolve(String(name));
    return found === '' ? [] : found.split(' ');
  }
  function isFour(address) { return address.indexOf(':') === -1; }

  define('isPlainHostName', function (name) { return String(name).indexOf('.') === -1 && String(name).indexOf(':') === -1; });
  define('dnsDomainIs', function (name, domain) { return String(name).toLowerCase().endsWith(String(domain).toLowerCase()); });
  define('localHostOrDomainIs', function (name, full) {
    var given = String(name).toLowerCase(), whole = String(full).toLowerCase();
    return given === whole || (given.indexOf('.') === -1 && whole.indexOf(given + '.') === 0);
  });
  define('dnsDomainLevels', function (name) { return String(name).split('.').length - 1; });
  define('shExpMatch', function (text, pattern) { return matches(String(text), String(pattern)); });
  define('isResolvable', function (name) { return addressesOf(name).some(isFour); });
  define('isResolvableEx', function (name) { return addressesOf(name).length > 0; });
  define('dnsResolve', function (name) { var four = addressesOf(name).filter(isFour); return four.length > 0 ? four[0] : null; });
  define('dnsResolveEx', function (name) { return addressesOf(name).join(';'); });
  define('isInNet', function (name, net, mask) {
    var four = addressesOf(name).filter(isFour);
    return four.length > 0 && host.isInNet(four[0], String(net), String(mask));
  });
  define('isInNetEx', function (name, prefixes) {
    return addressesOf(name).some(function (address) { return host.isInPrefixes(address, String(prefixes)); });
  });
  /** Of Netscape's own scripts, whose functions many have copied; as there, a number with a sign. */
  define('convert_addr', function (address) {
    var octets = String(address).split('.');
    return ((octets[0] & 255) << 24) | ((octets[1] & 255) << 16) | ((octets[2] & 255) << 8) | (octets[3] & 255);
  });
  define('myIpAddress', function () { var four = host.own().split(' ').filter(isFour); return four.length > 0 ? four[0] : '127.0.0.1'; });
  define('myIpAddressEx', function () { return host.own().split(' ').join(';'); });
  define('sortIpAddressList', function (list) {
    var sorted = host.sorted(String(list));
    return sorted === '' ? false : sorted;
  });
  define('getClientVersion', function () { return '1.0'; });
  define('alert', function (message) { host.alert(String(message)); });

  define('weekdayRange', function () {
    var now = timed(arguments);
    var range = now.values.map(function (day) { return days.indexOf(String(day).toUpperCase()); });
    if (range.length < 1 || range.length > 2 || range.indexOf(-1) !== -1) return false;
    return isBetween(range[0], now.weekday, range[range.length - 1]);
  });

  define('dateRange', function () {
    var now = timed(arguments);
    var count = now.values.length;
    if ([1, 2, 4, 6].indexOf(count) === -1) return false;
    var fields = now.values.map(function (value) {
      var month = months.indexOf(String(value).toUpperCase());
      if (month !== -1) return ['month', month];
      var number = Number(value);
      if (!Number.isInteger(number) || number < 1) return null;
      return number > 31 ? ['year', number] : ['day', number];
    });
    if (fields.indexOf(null) !== -1) return false;
    var half = count === 1 ? 1 : count / 2;
    var weights = { year: 10000, month: 100, day: 1 };
    var kinds = fields.slice(0, half).map(function (field) { return field[0]; });
    if (fields.slice(-half).map(function (field) { return field[0]; }).join() !== kinds.join()) return false;
    function sum(of) { return of.reduce(function (total, field) { return total + weights[field[0]] * field[1]; }, 0); }
    var first = sum(fields.slice(0, half)), last = sum(fields.slice(-half));
    var value = sum(kinds.map(function (kind) { return [kind, now[kind]]; }));
    // Only what comes round every year, or every month, can go round the corner.
    if (kinds.indexOf('year') !== -1) return first <= value && value <= last;
    return isBetween(first, value, last);
  });

  define('timeRange', function () {
    var now = timed(arguments);
    var values = now.values.map(Number);
    var count = values.length;
    if ([1, 2, 4, 6].indexOf(count) === -1 || values.some(function (value) { return !Number.isInteger(value) || value < 0; })) return false;
    if (count === 1) return now.hour === values[0];
    if (count === 2) return isBetween(values[0], now.hour, values[1]);
    var half = count / 2;
    function seconds(of, rest) { return of[0] * 3600 + of[1] * 60 + (of.length > 2 ? of[2] : rest); }
    return isBetween(seconds(values.slice(0, half), 0), now.hour * 3600 + now.minute * 60 + now.second, seconds(values.slice(half), 59));
  });
})(globalThis);
`;
