import type { WithheldReason } from '../integrity';
import type { ToolApproval } from './catalog';
import type { Exchange } from './legs';
import type { UpstreamEvent } from './upstream';

/** The tool of a call in flight is no longer to be served (TD-4). */
export class ToolWithdrawn extends Error {
  constructor(readonly reason: WithheldReason) {
    super(`the tool was withdrawn while a call of it was in flight: ${reason}`);
    this.name = 'ToolWithdrawn';
  }
}

/**
 * An exchange of a tool call that brings nothing once the tool is withdrawn, however far the call has come. What the server
 * has done by then is done; what it says of it reaches nobody.
 * @throws ToolWithdrawn also from the exchange's events
 */
export async function exchangeWhileServed(approval: ToolApproval, send: () => Promise<Exchange>): Promise<Exchange> {
  try {
    const exchange = await send();
    if (exchange.response !== undefined) await assertServed(approval);
    return { ...exchange, events: eventsWhileServed(approval, exchange.events) };
  } catch (failure) {
    await assertServed(approval);
    throw failure;
  }
}

async function* eventsWhileServed(approval: ToolApproval, events: AsyncIterable<UpstreamEvent>): AsyncGenerator<UpstreamEvent> {
  try {
    for await (const event of events) {
      await assertServed(approval);
      yield event;
    }
  } catch (failure) {
    await assertServed(approval);
    throw failure;
  }
}

/** A change that the server announced counts from its announcement on. */
async function assertServed(approval: ToolApproval): Promise<void> {
  await approval.settled();
  const reason = approval.withheld();
  if (reason !== undefined) throw new ToolWithdrawn(reason);
}
