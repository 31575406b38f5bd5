const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/**
 * Makes `console.log` and `util.inspect` show what `toJSON` gives, which masks what must not be seen, instead of the fields.
 * `name` is the public one, which a bundler may give to nobody, or to another class.
 *
 * As a function, since a computed method of a class has no declaration that could be emitted in isolation.
 */
export function showAsJson(prototype: { toJSON(): unknown }, name: string): void {
  Object.defineProperty(prototype, inspectCustom, {
    value: function show(
      this: { toJSON(): unknown },
      _depth: number,
      options: object,
      print: (value: unknown, options: object) => string,
    ): string {
      return `${name} ${print(this.toJSON(), options)}`;
    },
  });
}
