/** What is approved: a tool of a server, or, without `tool`, the instructions that the server gives to the model. */
export interface Subject {
  readonly server: string;
  readonly tool?: string;
}

/** UTF-8 bytes above which the id of a subject is too long to be recorded: nothing of it is ever approved. */
export const MAX_SUBJECT_ID_BYTES = 512;

/** A server that invents names without end is not recorded without end: what is beyond is never approved. */
export const MAX_SUBJECTS_OF_SERVER = 10_000;

/** `files/read_file`, or `files` for the server's instructions. A server's name has no slash, a tool's name may have one. */
export function subjectId({ server, tool }: Subject): string {
  return tool === undefined ? server : `${server}/${tool}`;
}

export function parseSubject(id: string): Subject {
  const slash = id.indexOf('/');
  return slash === -1 ? { server: id } : { server: id.slice(0, slash), tool: id.slice(slash + 1) };
}
