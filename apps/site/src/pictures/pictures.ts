/** The pictures of the guides that show what the sources do: drawn anew from them, never by hand. */
import { waterfallPicture } from '@x/figures';

import { chartSvg } from './chart.ts';
import { lanesSvg, type Said } from './lanes.ts';
import { burst, oneRequest, slowReader, waterfall, type Step } from './scenes.ts';
import { statesSvg } from './states.ts';

/** By their files, below the root of the repository. */
export async function drawPictures(): Promise<Map<string, string>> {
  return new Map([
    ['apps/docs/pictures/waterfall.svg', waterfallPicture(await waterfall(), 'A redirect to another host, and a body that takes its time')],
    ['apps/docs/pictures/one-request.svg', drawRequest(await oneRequest())],
    ['apps/docs/pictures/pool.svg', await drawBurst()],
    ['apps/docs/pictures/http2-windows.svg', await drawWindows()],
    ['apps/docs/pictures/states.svg', await statesSvg('States of an exchange, and of the two directions of an HTTP/1.1 connection')],
  ]);
}

async function drawBurst(): Promise<string> {
  const { times, values } = await burst();
  return chartSvg({
    title: 'Forty requests, eight connections, 30 ms each',
    times,
    unit: (value) => String(Math.round(value)),
    series: [
      { name: 'connecting', colour: 'two', shape: 'area', values: values.map(({ connecting }) => connecting) },
      { name: 'active', colour: 'one', shape: 'area', values: values.map(({ active }) => active) },
      { name: 'idle', colour: 'three', shape: 'area', values: values.map(({ idle }) => idle) },
      { name: 'requests that wait', colour: 'four', shape: 'line', values: values.map(({ queued }) => queued) },
    ],
  });
}

async function drawWindows(): Promise<string> {
  const { times, values } = await slowReader();
  return chartSvg({
    title: 'HTTP/2: what has been read, and what waits for a slow reader',
    times,
    unit: (value) => `${Math.round(value / 1024)} KiB`,
    series: [
      { name: 'read', colour: 'three', shape: 'area', values: values.map(({ read }) => read) },
      { name: 'received, not yet read', colour: 'two', shape: 'area', values: values.map(({ waiting }) => waiting) },
    ],
  });
}

function drawRequest(steps: readonly Step[]): string {
  const at = (name: Step['name']): number => steps.find((step) => step.name === name)?.at ?? 0;
  const lanes = ['program', 'client', 'pool', 'connection', 'server'];
  const said: Said[] = [
    { from: 0, to: 1, text: 'client.get()', at: at('called') },
    { from: 1, to: 2, text: 'dispatch()', at: at('queued') },
    { from: 2, to: 4, text: 'connect', at: at('queued'), until: at('assigned') },
    { from: 2, to: 3, text: 'assigned', at: at('assigned') },
    { from: 3, to: 4, text: 'head', at: at('head-sent'), until: at('asked') },
    { from: 4, to: 3, text: 'head and body', at: at('answered'), until: at('first-byte') },
    { from: 3, to: 1, text: 'head-received', at: at('head-received') },
    { from: 3, to: 1, text: 'body-end', at: at('body-end') },
    { from: 3, to: 2, text: 'idle', at: at('body-end') },
    { from: 1, to: 0, text: 'response', at: at('read') },
  ];
  return lanesSvg('One request over a new connection, with its moments', lanes, said);
}
