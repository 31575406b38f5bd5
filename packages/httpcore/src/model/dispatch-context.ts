import type { DispatchContext } from '../contract/dispatcher.ts';
import { LocalProtocolError } from '../contract/errors.ts';
import { checkedTrailers } from './field-syntax.ts';

/**
 * The context, each part read once and checked: whatever becomes of the caller's object, the request goes on with what it had. Signals may be
 * of any realm, so what they can do decides.
 *
 * @throws {LocalProtocolError} `INVALID_OPTION`, naming what is not what it is taken for; as `checkedTrailers`.
 */
export function ownContext(context: DispatchContext): DispatchContext {
  const own: OwnContext = { ...context };
  // Nothing on Object.prototype can change a request, or lead it elsewhere.
  if (own.signal !== undefined) dropPlanted(own, 'signal');
  if (own.deadline !== undefined) dropPlanted(own, 'deadline');
  if (own.trace !== undefined) dropPlanted(own, 'trace');
  if (own.traceInAnyContext !== undefined) dropPlanted(own, 'traceInAnyContext');
  if (own.onInformational !== undefined) dropPlanted(own, 'onInformational');
  if (own.trailers !== undefined) dropPlanted(own, 'trailers');
  if (own.replayableBody !== undefined) dropPlanted(own, 'replayableBody');
  if (own.replayMisdirected !== undefined) dropPlanted(own, 'replayMisdirected');
  if (own.protocol !== undefined) dropPlanted(own, 'protocol');
  if (own.proxy !== undefined) dropPlanted(own, 'proxy');
  if (own.servername !== undefined) dropPlanted(own, 'servername');
  if (own.network !== undefined) dropPlanted(own, 'network');
  const { signal, deadline, trace, onInformational, trailers, replayableBody, replayMisdirected, protocol, servername, network } = own;
  if (signal !== undefined && !isSignal(signal)) throw invalid('signal', 'must be an AbortSignal');
  if (deadline !== undefined && (typeof deadline !== 'number' || Number.isNaN(deadline))) {
    throw invalid('deadline', 'must be a moment in milliseconds of performance.now()');
  }
  if (trace !== undefined && typeof trace !== 'function') throw invalid('trace', 'must be a function');
  if (onInformational !== undefined && typeof onInformational !== 'function') throw invalid('onInformational', 'must be a function');
  if (trailers !== undefined && typeof trailers !== 'function' && !Array.isArray(trailers)) {
    throw invalid('trailers', 'must be a list of fields, or a function that gives one');
  }
  if (replayableBody !== undefined && typeof replayableBody !== 'boolean') throw invalid('replayableBody', 'must be a boolean');
  if (replayMisdirected !== undefined && typeof replayMisdirected !== 'boolean') throw invalid('replayMisdirected', 'must be a boolean');
  if (protocol !== undefined && typeof protocol !== 'string') throw invalid('protocol', 'must be a string');
  if (servername !== undefined && typeof servername !== 'string') throw invalid('servername', 'must be a string');
  if (network !== undefined && (typeof network !== 'object' || network === null)) throw invalid('network', 'must be an object');
  return Array.isArray(trailers) ? { ...own, trailers: checkedTrailers(trailers) } : own;
}

type OwnContext = { -readonly [Name in keyof DispatchContext]: DispatchContext[Name] };

function dropPlanted(own: OwnContext, name: keyof DispatchContext): void {
  if (!Object.hasOwn(own, name)) own[name] = undefined;
}

function isSignal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function';
}

function invalid(name: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The context's ${JSON.stringify(name)} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
