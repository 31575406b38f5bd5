/** A service of the four kinds of calls, described here instead of generated from a file. */
import { create, createFileRegistry, type DescService } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, file_google_protobuf_wrappers } from '@bufbuild/protobuf/wkt';

export interface Text {
  readonly value: string;
}
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onHeader?: (headers: Headers) => void;
  readonly onTrailer?: (trailers: Headers) => void;
}
/** The four kinds of calls. */
export interface Echo {
  say(request: Text, options?: CallOptions): Promise<Text>;
  count(request: Text, options?: CallOptions): AsyncIterable<Text>;
  collect(requests: AsyncIterable<Text>, options?: CallOptions): Promise<Text>;
  chat(requests: AsyncIterable<Text>, options?: CallOptions): AsyncIterable<Text>;
}

const message = '.google.protobuf.StringValue';
const method = (name: string, clientStreaming: boolean, serverStreaming: boolean): object => ({
  name,
  inputType: message,
  outputType: message,
  clientStreaming,
  serverStreaming,
});
const file = create(FileDescriptorProtoSchema, {
  name: 'echo.proto',
  package: 'echo',
  syntax: 'proto3',
  dependency: ['google/protobuf/wrappers.proto'],
  service: [
    {
      name: 'Echo',
      method: [method('Say', false, false), method('Count', false, true), method('Collect', true, false), method('Chat', true, true)],
    },
  ],
});
const registry = createFileRegistry(file, (name) =>
  name === 'google/protobuf/wrappers.proto' ? file_google_protobuf_wrappers : undefined,
);
export const service: DescService = registry.getService('echo.Echo')!;
