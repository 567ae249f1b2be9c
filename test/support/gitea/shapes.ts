import type * as gitea from 'gitea-js';

import type { Comment, GiteaState, Pull, Status } from './state.ts';

/** Answers in the shapes that Gitea's API describes. Their ids are made up of the names. */

const REPOSITORY_ID = 7;

export function userShape(state: GiteaState, login: string): gitea.User {
  return {
    id: login.length + 1,
    login,
    full_name: '',
    email: `${login}@noreply.example.org`,
    avatar_url: `${state.origin}/avatars/${login}`,
    html_url: `${state.origin}/${login}`,
    language: '',
    is_admin: false,
    last_login: '0001-01-01T00:00:00Z',
    created: '2020-01-01T00:00:00Z',
    active: false,
    prohibit_login: false,
    visibility: 'public',
    followers_count: 0,
    following_count: 0,
    starred_repos_count: 0,
  };
}

export function repositoryShape(state: GiteaState): gitea.Repository {
  const name = `${state.owner}/${state.repo}`;
  return {
    id: REPOSITORY_ID,
    owner: userShape(state, state.owner),
    name: state.repo,
    full_name: name,
    description: '',
    empty: false,
    private: true,
    fork: false,
    mirror: false,
    html_url: `${state.origin}/${name}`,
    clone_url: `${state.origin}/${name}.git`,
    default_branch: 'main',
    archived: false,
    has_pull_requests: true,
    allow_merge_commits: true,
    permissions: { admin: false, push: true, pull: true },
  };
}

export function labelShape(state: GiteaState, id: number): gitea.Label {
  const { name, color } = state.labels.find((label) => label.id === id)!;
  const url = `${state.origin}/api/v1/repos/${state.owner}/${state.repo}/labels/${id}`;
  return { id, name, color, description: '', exclusive: false, is_archived: false, url };
}

/** A pull request. `mergeable` is false as well while that has not been worked out. */
export function pullShape(state: GiteaState, pull: Pull, mergeable: boolean): gitea.PullRequest {
  const url = `${state.origin}/${state.owner}/${state.repo}/pulls/${pull.number}`;
  const gone = state.repository.branchCommit(pull.branch) === undefined;
  const repo = repositoryShape(state);
  return {
    id: pull.number + 100,
    url,
    number: pull.number,
    user: userShape(state, pull.user),
    title: pull.title,
    body: pull.body,
    labels: pull.labels.map((id) => labelShape(state, id)),
    assignees: [],
    state: pull.state,
    draft: /^(?:WIP:|\[WIP\])/i.test(pull.title),
    is_locked: false,
    comments: state.comments.filter((comment) => comment.pull === pull.number).length,
    html_url: url,
    diff_url: `${url}.diff`,
    patch_url: `${url}.patch`,
    mergeable,
    merged: pull.merge !== null,
    merge_base: pull.mergeBase,
    ...(pull.merge === null
      ? {}
      : {
          merge_commit_sha: pull.merge.commit,
          merged_by: userShape(state, pull.merge.by),
          merged_at: pull.createdAt,
        }),
    base: {
      label: pull.base,
      ref: pull.base,
      sha: pull.baseCommit,
      repo_id: REPOSITORY_ID,
      repo,
    },
    head: {
      label: pull.branch,
      ref: gone ? `refs/pull/${pull.number}/head` : pull.branch,
      sha: pull.head,
      repo_id: REPOSITORY_ID,
      repo,
    },
    created_at: pull.createdAt,
    updated_at: pull.createdAt,
    pin_order: 0,
  };
}

export function commentShape(state: GiteaState, comment: Comment): gitea.Comment {
  const url = `${state.origin}/${state.owner}/${state.repo}/pulls/${comment.pull}`;
  return {
    id: comment.id,
    html_url: `${url}#issuecomment-${comment.id}`,
    pull_request_url: url,
    issue_url: '',
    user: userShape(state, comment.user),
    original_author: '',
    original_author_id: 0,
    body: comment.body,
    assets: [],
    created_at: comment.createdAt,
    updated_at: comment.createdAt,
  };
}

export function statusShape(state: GiteaState, status: Status): gitea.CommitStatus {
  return {
    id: status.id,
    status: status.status,
    target_url: status.targetUrl,
    description: status.description,
    url: `${state.origin}/api/v1/repos/${state.owner}/${state.repo}/statuses/${status.commit}`,
    context: status.context,
    creator: userShape(state, state.account),
  };
}
