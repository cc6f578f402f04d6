import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { EvidenceStore } from './evidence';

export interface EvidenceBucketOptions {
  readonly client: S3Client;
  /** With Object Lock; its default retention says for how long nobody can change or remove what is in it. */
  readonly bucket: string;
}

/** Keeps evidence in Amazon S3, write once (LOG-4). */
export function createEvidenceBucket({ client, bucket }: EvidenceBucketOptions): EvidenceStore {
  return {
    async keep(incident, name, content) {
      const Key = `incidents/${incident}/${name}`;
      try {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: JSON.stringify(content), ContentType: 'application/json', IfNoneMatch: '*', ChecksumAlgorithm: 'SHA256' }));
      } catch (error) {
        // There is a copy already, from nearer to the incident.
        if ((error as Error).name !== 'PreconditionFailed') throw error;
      }
      return `s3://${bucket}/${Key}`;
    },
  };
}
