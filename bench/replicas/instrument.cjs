/**
 * Loaded into a replica before its program, with `--require`: moves its clock and says how much memory is in use, when the bench asks over IPC.
 * The clock is the one that programs read the date from; timers and `performance.now` go on as they do when a real clock is set.
 */
const RealDate = Date;
let offset = 0;

globalThis.Date = class Date extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + offset);
    else super(...given);
  }
  static now() {
    return RealDate.now() + offset;
  }
};

process.on('message', ({ clockMs, memory }) => {
  if (clockMs !== undefined) offset = clockMs;
  if (memory === true) {
    global.gc();
    process.send({ ...process.memoryUsage(), handles: process.getActiveResourcesInfo().length });
  }
});
process.channel?.unref();
