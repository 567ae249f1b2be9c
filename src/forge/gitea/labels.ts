import { z } from 'zod';

import { labelChanges } from '../labels.ts';
import { type GiteaClient, GiteaRefusal } from './client.ts';
import { Label } from './shapes.ts';

/** Labels of a repository that are read. */
const MOST = 1000;
const COLOR = '#1d76db';

/** Adds and removes labels of a pull request that `has` these; new ones are made. Returns what it has then. */
export async function ensureLabels(
  client: GiteaClient,
  repository: readonly string[],
  number: number,
  has: readonly Label[],
  change: { add?: string[]; remove?: string[] },
): Promise<string[]> {
  const names = has.map(({ name }) => name);
  const { add, remove } = labelChanges(names, change);
  const path = [...repository, 'issues', number, 'labels'];
  let labels = names;
  if (add.length > 0) {
    const ids = await idsOf(client, repository, add);
    const { data } = await client.send({
      method: 'POST',
      path,
      body: { labels: ids },
      answer: z.array(Label),
    });
    labels = data.map(({ name }) => name);
  }
  for (const { id } of has.filter(({ name }) => remove.includes(name))) {
    try {
      await client.send({ method: 'DELETE', path: [...path, id] });
    } catch (error) {
      // Somebody else took it off meanwhile.
      if (!(error instanceof GiteaRefusal) || ![404, 422].includes(error.status)) throw error;
    }
  }
  return labels.filter((name) => !remove.includes(name));
}

/** Gitea knows labels by number: those of the repository, made where there is none of that name. */
async function idsOf(
  client: GiteaClient,
  repository: readonly string[],
  names: readonly string[],
): Promise<number[]> {
  const path = [...repository, 'labels'];
  const known = await client.readAll(path, Label, { most: MOST });
  const ids: number[] = [];
  for (const name of names) {
    const label =
      known.find((one) => one.name.toLowerCase() === name.toLowerCase()) ??
      (await client.send({ method: 'POST', path, body: { name, color: COLOR }, answer: Label }))
        .data;
    ids.push(label.id);
  }
  return ids;
}
