// The part of WebAssembly that llhttp needs. Node has it, but only TypeScript's DOM library declares it, and with that library
// `name`, `event` and `location` would be globals that compile.
declare namespace WebAssembly {
  type ImportValue = ((...args: number[]) => number) | ((...args: number[]) => void);

  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): { module: string; name: string; kind: string }[];
    static exports(module: Module): { name: string; kind: string }[];
  }

  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, ImportValue>>);
    readonly exports: Record<string, unknown>;
  }

  interface Memory {
    readonly buffer: ArrayBuffer;
  }

  function validate(bytes: Uint8Array): boolean;
}
