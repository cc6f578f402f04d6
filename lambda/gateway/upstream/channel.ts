import type { JsonRpcMessage } from '../../protocol';
import type { UpstreamFailure } from './event';

/** A connection that carries messages both ways, one after the other, for as long as it lasts. */
export interface ServerChannel {
  /** @throws UpstreamFailure `closed` when the server has gone, `capacity` when it does not take what it is sent */
  send(message: JsonRpcMessage): void;
  /** Resolves when the server has gone, whoever ended it. */
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

/** Who listens to a channel. */
export interface ChannelHandlers {
  onMessage(message: JsonRpcMessage): void;
  /** Called once, after the last message. `reason` is one sentence without a value of any message. */
  onExit(reason: string, exit: { readonly failure: UpstreamFailure }): void;
}
