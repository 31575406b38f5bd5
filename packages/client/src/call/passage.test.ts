import { describe, expect, it } from 'vitest';

import { plainJson } from '../request/json-settings.ts';
import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import { defaultTimeouts } from '../time/timeout.ts';
import { noData } from './call-data.ts';
import { Chain, type Layer } from './chain.ts';
import { CallContext } from './context.ts';
import { Passages, type Passage } from './passage.ts';
import { noSignal } from './signals.ts';

const request = new Request('GET', 'http://a.example/');
const context = new CallContext(request, { json: plainJson, data: noData, timeout: defaultTimeouts }, noSignal, undefined, undefined);
const pathOf = ({ headers }: Request): string => headers.get('path') ?? '';
const marked = (sent: Request, mark: string): Request => sent.with({ headers: { path: pathOf(sent) + mark } });

interface Seen {
  readonly sent: string[];
  readonly send: (sent: Request) => Promise<StreamResponse>;
}

/** Layers by their letters; a capital one waits for something on the way back. */
function chainOf(layers: string, wraps: string = ''): Seen {
  const sent: string[] = [];
  const passage = (name: string): Passage => ({
    out: (incoming) => marked(incoming, name),
    back: (response, incoming) => {
      const changed = response.with({ headers: { back: `${response.headers.get('back') ?? ''}${name}(${pathOf(incoming)})` } });
      return name === name.toLowerCase() ? changed : Promise.resolve(changed);
    },
  });
  const layer = (name: string): Layer<unknown> =>
    wraps.includes(name) ? { wrap: (next) => (incoming, given) => next(marked(incoming, name), given) } : { passage: passage(name) };
  const end = Passages.before((incoming) => {
    sent.push(pathOf(incoming));
    return Promise.resolve(StreamResponse.of(incoming));
  });
  const chain = new Chain<unknown>([...layers].map(layer), end, {});
  return { sent, send: (incoming) => chain.for({})(incoming, context) };
}

describe('passages', () => {
  it.each([
    ['abc', '', 'abc', 'c()b()a()'],
    ['aBc', '', 'aBc', 'c()B()a()'],
    ['ABC', '', 'ABC', 'C()B()A()'],
    ['abc', 'b', 'abc', 'c(ab)a()'],
    ['abc', 'a', 'abc', 'c(a)b(a)'],
    ['abcd', 'bd', 'abcd', 'c(ab)a()'],
    ['', '', '', null],
  ])('%s, of which "%s" wrap: out in their order, back in the other', async (layers, wraps, out, back) => {
    const { sent, send } = chainOf(layers, wraps);
    expect((await send(request)).headers.get('back')).toBe(back);
    expect(sent).toEqual([out]);
  });

  it('send on from where they stand', async () => {
    const sent: string[] = [];
    const again: Passage = {
      out: (incoming) => marked(incoming, 'b'),
      back: (response, _incoming, given, next) => (sent.length === 1 ? next(marked(request, '2'), given) : response),
    };
    const other = (name: string): Passage => ({ out: (incoming) => marked(incoming, name), back: (response) => response });
    const passages = new Passages(
      [other('a'), again, other('c')],
      Passages.before((incoming) => {
        sent.push(pathOf(incoming));
        return Promise.resolve(StreamResponse.of(incoming));
      }),
    );
    await passages.send(request, context);
    expect(sent).toEqual(['abc', '2c']);
  });

  it('that throw fail the call', async () => {
    const failing: Passage = {
      back: () => {
        throw new Error('no');
      },
    };
    const end = Passages.before((incoming) => Promise.resolve(StreamResponse.of(incoming)));
    await expect(new Passages([failing], end).send(request, context)).rejects.toThrow('no');
  });
});
