/** Runs the calls of a client: from the arguments of a verb to a response that is whole, or one that is handed out with its body to be read. */
import { withCaller } from '../call/caller-stack.ts';
import { CallResumption } from '../call/call-resumption.ts';
import type { Chain } from '../call/chain.ts';
import type { CallContext } from '../call/context.ts';
import type { Hop, Send } from '../call/interceptor.ts';
import type { Lifetime } from '../call/lifetime.ts';
import { OpenCall } from '../call/open-call.ts';
import { untilOver } from '../call/until-over.ts';
import { releaseSources } from '../request/body/sources.ts';
import { Request } from '../request/request.ts';
import type { AnyResponse } from '../response/any-response.ts';
import { keepErrorBody } from '../response/error-body.ts';
import { Response } from '../response/response.ts';
import { StreamResponse } from '../response/stream-response.ts';
import type { CallBuilder } from './call-builder.ts';
import { callOptionsOf, type CallOptions, type RequestOptions } from './call-options.ts';
import { settingsOf, type CallSettings } from './call-settings.ts';

/** A request that was built before, or the method of one that is to be. */
export type CallTarget = string | Request;
export type GivenOptions = RequestOptions | CallOptions | undefined;

export class Caller {
  readonly #calls: CallBuilder;
  readonly #chain: Chain<CallSettings>;
  readonly #lifetime: Lifetime;

  constructor(calls: CallBuilder, chain: Chain<CallSettings>, lifetime: Lifetime) {
    this.#calls = calls;
    this.#chain = chain;
    this.#lifetime = lifetime;
  }

  // The hot path: a GET without options makes a Request, a CallContext, an Attempt and two responses, and awaits the dispatcher
  // and the body. Everything else that a response offers is made when it is asked for. Most of what a call holds while it waits is the frame of
  // the function that does: whatever comes before is done outside of it.
  whole(target: CallTarget, url: string | URL | undefined, options: GivenOptions): Promise<Response> {
    let call: CallContext | undefined;
    try {
      call = this.#begin(target, url, options);
      const send = this.#chain.for(settingsOf(call));
      return send.begin === undefined ? this.#throughChain(call, send) : this.#throughDispatcher(call, send.begin(call.request, call));
    } catch (error) {
      return this.#refused(call, error);
    }
  }

  #begin(target: CallTarget, url: string | URL | undefined, options: GivenOptions): CallContext {
    this.#enter(target, options);
    try {
      const call = this.#calls.build(target, url, options);
      call.readsWhole = true;
      return call;
    } catch (error) {
      releaseGiven(target, options);
      this.#lifetime.leave();
      throw error;
    }
  }

  async #throughDispatcher(call: CallContext, hop: Hop): Promise<Response> {
    try {
      let head = hop.received(await hop.dispatched);
      if (head instanceof Promise) head = await head;
      return this.#succeeded(call, new Response(head, await head.read(), head.body.trailers));
    } catch (error) {
      const told = hop.failed(error);
      await keepErrorBody(told);
      throw this.#failed(call, told);
    }
  }

  async #throughChain(call: CallContext, send: Send): Promise<Response> {
    try {
      const sending = send(call.request, call);
      const mayStay = this.#calls.mayStay(settingsOf(call));
      const head: AnyResponse = await (mayStay ? untilOver(call, this.#lifetime, sending.then(wholeResponse), drop) : sending);
      return this.#succeeded(call, head instanceof StreamResponse ? await wholeResponse(head) : (head as Response));
    } catch (error) {
      await keepErrorBody(error);
      throw this.#failed(call, error);
    }
  }

  /** Of a call that has not been sent. */
  async #refused(call: CallContext | undefined, error: unknown): Promise<never> {
    if (call === undefined) throw withCaller(error);
    await keepErrorBody(error);
    throw this.#failed(call, error);
  }

  #succeeded(call: CallContext, response: Response): Response {
    if (settingsOf(call).throwsOnStatus) response.raiseForStatus();
    this.#leave(call);
    return response;
  }

  /** Gives the same error. To be called where the caller awaits, see {@link withCaller}. */
  #failed(call: CallContext, error: unknown): unknown {
    call.fail(error);
    withCaller(error);
    this.#leave(call);
    return error;
  }

  #leave(call: CallContext): void {
    call.settle();
    this.#lifetime.leave();
  }

  /** `signal` ends the call, too. */
  async stream(target: CallTarget, url: string | URL | undefined, options: GivenOptions, signal?: AbortSignal): Promise<StreamResponse> {
    this.#enter(target, options);
    let open: OpenCall | undefined;
    try {
      const call = this.#calls.build(target, url, options, signal);
      open = new OpenCall(call, this.#lifetime);
      const settings = settingsOf(call);
      const sending = this.#chain.for(settings)(call.request, call);
      const head = await (this.#calls.mayStay(settings) ? untilOver(call, this.#lifetime, sending, drop) : sending);
      const response = head.watchedBy(open);
      open.handOut(head.body, response.body);
      const handedOut = open;
      call.whenArrived(head, () => handedOut.onArrived());
      if (settings.throwsOnStatus) response.raiseForStatus();
      // Not assigned as it is written: V8 puts a function that is straight into old memory, where it holds the whole call until a full collection.
      const again = (): CallResumption => this.#again(call, options);
      response.resumable = again;
      return response;
    } catch (error) {
      if (open === undefined) {
        releaseGiven(target, options);
        this.#lifetime.leave();
      } else {
        await keepErrorBody(error);
        open.onEnd(error);
      }
      throw withCaller(error);
    }
  }

  /** Whoever goes on where a body broke off looks at the status by himself. */
  #again(call: CallContext, options: GivenOptions): CallResumption {
    const own: CallOptions = { ...callOptionsOf(options ?? {}), throwOnStatus: false };
    return new CallResumption(call, this.#calls.signals(own), this.#lifetime, (request, left, signal) => {
      const phases = typeof own.timeout === 'object' ? own.timeout : undefined;
      return this.stream(request, undefined, left === undefined ? own : { ...own, timeout: { ...phases, total: left } }, signal);
    });
  }

  #enter(target: CallTarget, options: GivenOptions): void {
    try {
      this.#lifetime.enter();
    } catch (error) {
      releaseGiven(target, options);
      throw withCaller(error);
    }
  }
}

async function wholeResponse(head: StreamResponse): Promise<Response> {
  const content = await head.read();
  return new Response(head, content, head.body.trailers);
}

/** Nobody waits for it any more. A response that is whole holds nothing. */
function drop(late: AnyResponse): void {
  if (late instanceof StreamResponse) void late.close();
}

/** Of a call that could not begin. */
function releaseGiven(target: CallTarget, options: GivenOptions): void {
  if (target instanceof Request) target.body?.discard();
  else releaseSources(options);
}
