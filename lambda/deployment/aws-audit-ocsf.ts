import { gunzipSync, gzipSync } from 'node:zlib';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { EventBridgeEvent } from 'aws-lambda';
import { LAKE_TABLES, lakeRow, toOcsf, type OcsfEvent } from '../audit';
import type { ArchiveWatch } from './aws-archive-watch';
import type { PutRecords } from './aws-firehose';

/** What S3 tells EventBridge of a new object. */
export type ObjectCreated = EventBridgeEvent<'Object Created', { readonly bucket: { readonly name: string }; readonly object: { readonly key: string } }>;

/** Where rows go, too. */
export interface Lake {
  /** Delivery streams by the number of the class that each holds. */
  readonly streams: Readonly<Record<string, string>>;
  readonly put: PutRecords;
}

/**
 * Writes archived audit events once more, in the words of OCSF (LOG-2, ENT-2), partitioned as Amazon Security Lake partitions: by class,
 * region, account and day of the event. The same object becomes the same objects, however often it is told of.
 *
 * @param to prefix of the objects, such as `ocsf/`
 * @param lake gets the same events as rows, which come twice where the event does: `metadata.uid` tells them
 * @param watch reads the same lines
 * @throws where S3 does not give or take an object, or the lake a row: the event comes again
 */
export function createOcsfWriter(s3: S3Client, to: string, lake?: Lake, watch?: ArchiveWatch): (event: ObjectCreated) => Promise<void> {
  return async ({ account, region, detail: { bucket, object } }) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: object.key }));
    const bytes = await Body?.transformToByteArray();
    if (bytes === undefined) throw new Error(`the object ${object.key} is empty`);
    const text = (object.key.endsWith('.gz') ? gunzipSync(bytes) : Buffer.from(bytes)).toString('utf8');
    const parts = new Map<string, string[]>();
    const rows = new Map<string, string[]>();
    const lines = text.split('\n').flatMap(lineIn);
    watch?.read(object.key, lines);
    for (const line of lines) {
      const event = toOcsf(line);
      if (event === undefined) continue;
      const folder = `${to}${LAKE_TABLES[event.class_uid].name}/region=${region}/accountId=${account}/eventDay=${dayOf(event)}`;
      listOf(parts, folder).push(JSON.stringify(event));
      const stream = lake?.streams[event.class_uid];
      if (stream !== undefined) listOf(rows, stream).push(JSON.stringify(lakeRow(event)));
    }
    const name = object.key.slice(object.key.lastIndexOf('/') + 1).replace(/\.gz$/, '');
    await Promise.all([...parts].map(([folder, lines]) =>
      s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: `${folder}/${name}.json.gz`, Body: gzipSync(`${lines.join('\n')}\n`), ContentType: 'application/x-ndjson', ContentEncoding: 'gzip' })),
    ));
    for (const [stream, lines] of rows) await lake!.put(stream, lines);
  };
}

/** Nothing for what is no event: the archive keeps it as it is. */
function lineIn(text: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? [line as Record<string, unknown>] : [];
  } catch {
    return [];
  }
}

function listOf(lists: Map<string, string[]>, key: string): string[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function dayOf({ time }: OcsfEvent): string {
  return new Date(time as number).toISOString().slice(0, 10).replaceAll('-', '');
}
