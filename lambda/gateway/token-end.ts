import type { Principal } from '../identity';
import type { RequestScope } from './scope';

/** Longer than this no timer runs, milliseconds; a token lives for minutes or hours. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Ends what stays open when the token ends that it was opened with (CV-1, CV-4); it is over with the request. */
export function endWithToken({ authentication }: Principal, scope: RequestScope, now: number, end: () => void): void {
  const expiresAt = authentication?.expiresAt;
  if (expiresAt === undefined) return;
  const timer = setTimeout(
    () => {
      scope.note('token_expired');
      end();
    },
    Math.min(Math.max(expiresAt - now, 0), LONGEST_TIMER_MS),
  );
  timer.unref();
  scope.hold(() => clearTimeout(timer));
}
