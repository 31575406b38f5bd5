// Fetches every other Node that tests run under, so that nothing is downloaded in their midst: tsx tools/src/runtimes/fetch.ts

import { installNode, pinnedNodes } from './node-runtime.ts';

const here = `${process.platform}-${process.arch}`;
for (const pinned of pinnedNodes.filter(({ platform }) => platform === here)) console.log(installNode(pinned));
