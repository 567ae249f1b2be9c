import { readFileSync } from 'node:fs';

import { buildSchema, graphql } from 'graphql';

import { findPull, mergeability } from './pulls.ts';
import { rulesAreMet, type GitHubState, type Pull } from './state.ts';

/** Cut out of GitHub's published schema by scripts/cut-github-graphql.ts. */
const schema = buildSchema(readFileSync(new URL('graphql-slice.graphql', import.meta.url), 'utf8'));

interface Question {
  query: string;
  variables?: Record<string, unknown>;
}

interface EnableInput {
  pullRequestId: string;
  expectedHeadOid?: string;
  commitHeadline?: string;
  commitBody?: string;
}

/** Answers GraphQL by the published schema: unknown fields and wrong types are refused as there. */
export async function answerGraphQL(state: GitHubState, question: Question): Promise<Response> {
  const result = await graphql({
    schema,
    source: question.query,
    variableValues: question.variables ?? {},
    rootValue: {
      enablePullRequestAutoMerge: ({ input }: { input: EnableInput }) => {
        const pull = known(state, input.pullRequestId);
        const refused = whyNot(state, pull, input);
        if (refused !== undefined) throw new Error(refused);
        const message = [input.commitHeadline, input.commitBody].filter(Boolean).join('\n\n');
        pull.autoMerge = { by: state.account, message };
        return { pullRequest: { number: pull.number } };
      },
      disablePullRequestAutoMerge: ({ input }: { input: { pullRequestId: string } }) => {
        const pull = known(state, input.pullRequestId);
        if (pull.autoMerge === null) {
          throw new Error("Can't disable auto-merge for this pull request");
        }
        pull.autoMerge = null;
        return { pullRequest: { number: pull.number } };
      },
    },
  });
  // What is refused names its kind, as the service's errors do; what is no GraphQL of the schema's has none.
  const errors = result.errors?.map(({ message, path, originalError }) => ({
    message,
    ...(originalError ? { path, type: 'UNPROCESSABLE' } : {}),
  }));
  return Response.json({ data: result.data ?? null, ...(errors ? { errors } : {}) });
}

function known(state: GitHubState, id: string): Pull {
  const pull = findPull(state, id.replace(/^PR_/, ''));
  if (!pull) throw new Error(`Could not resolve to a node with the global id of '${id}'`);
  return pull;
}

/** Why auto-merge can't be enabled, in the service's words. */
function whyNot(state: GitHubState, pull: Pull, input: EnableInput): string | undefined {
  if (!state.autoMergeAllowed) {
    return 'Pull request Auto merge is not allowed for this repository';
  }
  if (pull.state === 'closed') return 'Pull request is closed';
  if (input.expectedHeadOid !== undefined && input.expectedHeadOid !== pull.head) {
    return `Pull request head commit is not ${input.expectedHeadOid}`;
  }
  mergeability(state, pull);
  if (mergeability(state, pull) === false) return 'Pull request is in dirty status';
  if (rulesAreMet(state, pull.head)) return 'Pull request is in clean status';
  return undefined;
}
