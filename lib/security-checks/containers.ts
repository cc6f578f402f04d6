import { compliantIf, type Verdict } from './rule';
import { asList, asRecord, type TemplateResource } from './template';

/** What a rule says of a task definition: of each of its containers the same. Templates without containers are not looked at. */
export function everyContainer({ properties }: TemplateResource, holds: (container: Readonly<Record<string, unknown>>) => boolean): Verdict {
  const containers = asList(properties.ContainerDefinitions).map(asRecord);
  return containers.length === 0 ? 'not-applicable' : compliantIf(containers.every(holds));
}
