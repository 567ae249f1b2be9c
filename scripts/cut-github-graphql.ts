/**
 * Cuts the mutations that we use out of GitHub's published GraphQL schema, and writes them to
 * test/support/github/graphql-slice.graphql. Of what a mutation gives back, only plain values are kept. To be run again
 * when a mutation is added, or to take up a newer schema:
 *
 *     node scripts/cut-github-graphql.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  buildSchema,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isLeafType,
  isObjectType,
  isSpecifiedScalarType,
  printType,
} from 'graphql';

const PACKAGE = '@octokit/graphql-schema@15.26.1';
const SCHEMA = 'package/schema.graphql';
const OUTPUT = new URL('../test/support/github/graphql-slice.graphql', import.meta.url);

const MUTATIONS = ['enablePullRequestAutoMerge', 'disablePullRequestAutoMerge'];
/** Objects that a mutation may give back. */
const OBJECTS = ['PullRequest'];

function readSchema(): GraphQLSchema {
  const folder = mkdtempSync(join(tmpdir(), 'github-graphql-'));
  try {
    execFileSync('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const archive = `octokit-graphql-schema-${PACKAGE.split('@').at(-1)}.tgz`;
    execFileSync('tar', ['-xzf', archive, SCHEMA], { cwd: folder });
    // The published text defines some fields twice, which is none of our business.
    return buildSchema(readFileSync(join(folder, SCHEMA), 'utf8'), { assumeValidSDL: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isPlain({ type, args }: GraphQLField<unknown, unknown>): boolean {
  return args.length === 0 && isLeafType(getNamedType(type));
}

function cut(schema: GraphQLSchema): string {
  const leaves = new Set<string>();
  const out: string[] = [];
  const object = (name: string): void => {
    const type = schema.getType(name);
    if (!isObjectType(type)) throw new Error(`${PACKAGE} has no type ${name}`);
    const fields = Object.values(type.getFields()).filter(
      (field) => isPlain(field) || OBJECTS.includes(getNamedType(field.type).name),
    );
    for (const field of fields) leaves.add(getNamedType(field.type).name);
    const lines = fields.map((field) => `  ${field.name}: ${String(field.type)}`);
    out.push(`type ${name} {\n${lines.join('\n')}\n}`);
  };
  const mutations = MUTATIONS.map((name) => {
    const field = schema.getMutationType()?.getFields()[name];
    if (!field) throw new Error(`${PACKAGE} has no mutation ${name}`);
    for (const { type } of field.args) {
      const input = getNamedType(type);
      if (!isInputObjectType(input)) continue;
      for (const each of Object.values(input.getFields())) leaves.add(getNamedType(each.type).name);
      out.push(printType(input));
    }
    object(getNamedType(field.type).name);
    const args = field.args.map((each) => `${each.name}: ${String(each.type)}`);
    return `  ${name}(${args.join(', ')}): ${String(field.type)}`;
  });
  for (const name of OBJECTS) object(name);
  for (const name of leaves) {
    const type = schema.getType(name);
    if (type && isLeafType(type) && !isSpecifiedScalarType(type)) out.push(printType(type));
  }
  const roots = [`type Query {\n  id: ID\n}`, `type Mutation {\n${mutations.join('\n')}\n}`];
  return [...roots, ...out]
    .join('\n\n')
    .replaceAll(/ *"""[\s\S]*?"""\n/g, '')
    .replaceAll(/\n{2,}(?= )/g, '\n');
}

const text = `# A slice of ${PACKAGE}, without its words.\n${cut(readSchema())}\n`;
writeFileSync(OUTPUT, text);
console.log(`${MUTATIONS.length} mutations, ${text.length} bytes`);
