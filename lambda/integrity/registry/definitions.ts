import { isJsonObject, type JsonValue } from '../../protocol';
import { DocumentTooLarge, type DocumentStore } from '../../stores';
import { changeLevel, nextVersion, type ChangeLevel } from '../difference';
import type { ToolRecord } from '../life-cycle';
import { pinOf, type Pin } from '../pin';
import { putOnce } from './put-once';

const DEFINITIONS = 'definitions';
/** A server may offer the same definition under any number of names. */
const MAX_RESEMBLING = 20;

/** Definitions as the store has them, each once, by its pin. */
export interface Definitions {
  /** @throws Error where what is stored has another pin */
  read(pin: Pin): Promise<JsonValue | undefined>;
  /** One that is too large is not kept, and so never approved: nobody could read what they approve. */
  keep(pin: Pin, offered: JsonValue): Promise<void>;
  /** ETDI: the version that a definition would have, by what changed since the last approval. */
  versionOf(record: ToolRecord, pin: Pin): Promise<string>;
  /** Other subjects that were offered with the same definition but for the name, some of them where they are many. */
  resembling(id: string, body: Pin | undefined): Promise<string[]>;
}

export function definitionsIn(store: DocumentStore): Definitions {
  async function read(pin: Pin): Promise<JsonValue | undefined> {
    const stored = (await store.get(DEFINITIONS, pin))?.value.definition;
    if (stored !== undefined && pinOf(stored) !== pin) throw new Error(`the stored definition with the pin ${pin} has another one`);
    return stored;
  }

  async function levelBetween(before: Pin, after: Pin): Promise<ChangeLevel> {
    if (before === after) return 'none';
    const [one, other] = await Promise.all([read(before), read(after)]);
    return one === undefined || other === undefined ? 'major' : changeLevel(one, other);
  }

  return {
    read,
    async keep(pin: Pin, offered: JsonValue): Promise<void> {
      try {
        await putOnce(store, DEFINITIONS, pin, { definition: offered });
      } catch (error) {
        if (!(error instanceof DocumentTooLarge)) throw error;
      }
    },
    async versionOf({ approval }: ToolRecord, pin: Pin): Promise<string> {
      if (approval === undefined) return nextVersion(undefined, 'none');
      return nextVersion(approval.version, await levelBetween(approval.pin, pin));
    },
    async resembling(id: string, body: Pin | undefined): Promise<string[]> {
      if (body === undefined) return [];
      await putOnce(store, bearersOf(body), id, {});
      return (await store.list(bearersOf(body))).map((other) => other.id).filter((other) => other !== id).slice(0, MAX_RESEMBLING);
    },
  };
}

function bearersOf(body: Pin): string {
  return `bodies/${body}`;
}

/** What is left of a tool under another name. */
export function bodyOf(definition: JsonValue): Pin | undefined {
  if (!isJsonObject(definition)) return undefined;
  const { name: _, title: __, ...body } = definition;
  return pinOf(body);
}
