import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { intakeDesired, intakeReturn } from '../../bundle/bundle.ts';
import { updateRefs } from '../../git/refs.ts';
import { Repository } from '../../git/repository.ts';
import { UserError } from '../../model/errors.ts';
import { readTrusted, readWords } from '../bundle-file.ts';
import { EXIT, type Output, styled, table } from '../output.ts';

export interface VerifyOptions {
  /** Allowed-signers file. */
  trust: string;
  site?: string;
  /** Folder of `bundle apply`, of an agent or of a controller: what the site has already. */
  data?: string;
}

/** `trueup bundle show FILE`: what a bundle says of itself. */
export async function showBundle(file: string, output: Output): Promise<number> {
  const { header, bytes, objects, kind, site, said, signedBy, fault } = await readWords(file);
  output.document({
    file,
    bytes,
    objects,
    kind,
    site: site ?? null,
    signedBy: signedBy ?? null,
    says: Object.fromEntries(said),
    refs: Object.fromEntries(header.refs),
    prerequisites: header.prerequisites,
    fault: fault ? { reason: fault.reason, message: fault.message } : null,
  });
  output.line(`${styled('bold', file)}  ${bytes} bytes, ${objects} objects`);
  const carries = kind === 'return' ? 'what was observed and done' : 'what is desired';
  if (site !== undefined) output.line(`says that it holds ${carries} at ${site}`);
  const rows = [
    ...[...said].flatMap(([name, value]) => (name === 'Site' ? [] : [[name, value]])),
    ...(signedBy === undefined ? [] : [['Signed by', signedBy]]),
    ...[...header.refs].map(([name, id]) => [name, id]),
    ...header.prerequisites.map((id) => ['builds on', id]),
  ];
  output.line(table(rows));
  if (fault) output.line(`${styled('red', 'of no use')}: ${fault.message}`);
  else output.note('nothing of this has been checked: `trueup bundle verify` does that');
  return EXIT.ok;
}

/** `trueup bundle verify FILE --trust FILE`: whether a site would take it in. Changes nothing. */
export async function verifyBundle(
  file: string,
  options: VerifyOptions,
  output: Output,
): Promise<number> {
  const trusted = await readTrusted(options.trust);
  const words = await readWords(file);
  if (words.fault) throw words.fault;
  const site = options.site ?? words.site;
  if (site === undefined)
    throw new UserError(`${file} does not say which site it is for: name it with --site`);
  const folder = await mkdtemp(join(tmpdir(), 'trueup-verify-'));
  const repository = await Repository.open({ directory: join(folder, 'trial.git') });
  try {
    if (options.data !== undefined) await borrow(repository, options.data);
    const request = { repository, site, file: resolve(file), trusted };
    if (words.kind === 'return') {
      const { runs, status, ...received } = await intakeReturn(request);
      output.document({ file, site, kind: words.kind, ...received, runs: runs.length, status });
      output.line(
        `${styled('green', 'good')}: what ${site} observed (${received.observed?.slice(0, 12) ?? 'nothing'}), ${runs.length} run reports, number ${received.sequence}`,
      );
    } else {
      const received = await intakeDesired({ ...request, generation: 0, now: Date.now() });
      const { generation, revision, commit, expires } = received;
      const expiresAt = new Date(expires).toISOString();
      output.document({ file, site, kind: words.kind, ...received, expires: expiresAt });
      output.line(
        `${styled('green', 'good')}: generation ${generation} of ${site}, revision ${revision.slice(0, 12)}, commit ${commit.slice(0, 12)}, until ${expiresAt}`,
      );
    }
    return EXIT.ok;
  } finally {
    await repository.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lets a repository that is thrown away read what another one has, as if its refs were its own. */
async function borrow(trial: Repository, data: string): Promise<void> {
  const directory = join(resolve(data), 'sites.git');
  if (!(await stat(join(directory, 'objects')).catch(() => undefined)))
    throw new UserError(
      `${data} holds no sites.git: name the data directory of an agent or a controller, or the folder of \`trueup bundle apply\``,
    );
  await writeFile(
    join(trial.directory, 'objects/info/alternates'),
    `${join(directory, 'objects')}\n`,
  );
  const { stdout } = await trial.run(
    ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/sites'],
    { directory },
  );
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  await updateRefs(
    trial,
    lines.map((line) => {
      const space = line.indexOf(' ');
      return { ref: line.slice(space + 1), to: line.slice(0, space), from: null };
    }),
  );
}
