import { userInfo } from 'node:os';
import { StartError } from '../lambda/local';

/** The name of the user who runs the command. @throws StartError where the system has no name for them, as in some containers */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    throw new StartError('this user has no name on this machine; say who you are with --by NAME');
  }
}
