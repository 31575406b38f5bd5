/** `@x/interop/node`: agents for `node:http` and `node:https` over the connections of a client. */
export { nodeAgents, type ConnectorLike, type NodeAgentOptions, type NodeAgents } from './agents.ts';
