const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/**
 * Makes `console.log` and `util.inspect` show what `toJSON` gives, which masks what must not be seen, instead of the fields.
 * As a function, since a computed method of a class has no declaration that could be emitted in isolation.
 */
export function showAsJson(prototype: { toJSON(): unknown }): void {
  Object.defineProperty(prototype, inspectCustom, {
    value: function show(
      this: { toJSON(): unknown },
      _depth: number,
      options: object,
      print: (value: unknown, options: object) => string,
    ): string {
      return `${this.constructor.name} ${print(this.toJSON(), options)}`;
    },
  });
}
