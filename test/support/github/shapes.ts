import { createHash } from 'node:crypto';

import type { Comment, GitHubState, Issue, Pull, Status } from './state.ts';

/** Answers in the shapes that GitHub's description asks for. */

/** A number that stays the same for the same text. */
export function idOf(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 4);
}

export function userShape(state: GitHubState, login: string) {
  const name = encodeURIComponent(login);
  const url = `${state.apiUrl}/users/${name}`;
  return {
    login,
    id: idOf(login),
    node_id: `U_${login}`,
    avatar_url: `${state.origin}/${name}.png`,
    gravatar_id: '',
    url,
    html_url: `${state.origin}/${name}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
    site_admin: false,
  };
}

export function accountShape(state: GitHubState): object {
  return {
    ...userShape(state, state.account),
    user_view_type: 'public',
    name: null,
    company: null,
    blog: null,
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: '2020-01-01T00:00:00Z',
    updated_at: '2020-01-01T00:00:00Z',
  };
}

const REPOSITORY_LINKS =
  'archive assignees blobs branches collaborators comments commits compare contents contributors deployments ' +
  'downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels ' +
  'languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags ' +
  'teams trees';

export function repositoryShape(state: GitHubState) {
  const name = `${state.owner}/${state.repo}`;
  const url = `${state.apiUrl}/repos/${name}`;
  const links = REPOSITORY_LINKS.split(' ').map((link) => [`${link}_url`, `${url}/${link}`]);
  const created = '2020-01-01T00:00:00Z';
  return {
    id: idOf(name),
    node_id: `R_${name}`,
    name: state.repo,
    full_name: name,
    owner: userShape(state, state.owner),
    private: true,
    html_url: `${state.origin}/${name}`,
    description: null,
    fork: false,
    url,
    ...Object.fromEntries(links),
    clone_url: `${state.origin}/${name}.git`,
    git_url: `${state.origin}/${name}.git`,
    ssh_url: `git@localhost:${name}.git`,
    svn_url: `${state.origin}/${name}`,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    network_count: 0,
    subscribers_count: 0,
    size: 0,
    open_issues: 0,
    open_issues_count: 0,
    default_branch: 'main',
    is_template: false,
    topics: ['plan'],
    allow_squash_merge: false,
    allow_merge_commit: true,
    allow_rebase_merge: false,
    allow_auto_merge: state.autoMergeAllowed,
    delete_branch_on_merge: false,
    allow_update_branch: false,
    use_squash_pr_title_as_default: false,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: false,
    has_discussions: false,
    archived: false,
    disabled: false,
    visibility: 'private',
    web_commit_signoff_required: false,
    permissions: { admin: false, maintain: false, push: true, triage: true, pull: true },
    pushed_at: created,
    created_at: created,
    updated_at: created,
  };
}

export function labelShape(state: GitHubState, name: string): object {
  return {
    id: idOf(name),
    node_id: `LA_${idOf(name)}`,
    url: `${state.apiUrl}/repos/${state.owner}/${state.repo}/labels/${encodeURIComponent(name)}`,
    name,
    description: '',
    color: 'ededed',
    default: false,
  };
}

/** What happened to a pull request's labels, as its events tell it. */
export function labelEventShape(state: GitHubState, pull: Pull, index: number): object {
  const { event, label, by, at } = pull.labelling[index]!;
  const id = pull.number * 1000 + index;
  return {
    id,
    node_id: `LE_${id}`,
    url: `${state.apiUrl}/repos/${state.owner}/${state.repo}/issues/events/${id}`,
    actor: userShape(state, by),
    event,
    commit_id: null,
    commit_url: null,
    created_at: at,
    performed_via_github_app: null,
    label: { name: label, color: 'ededed' },
  };
}

const PULL_LINKS = 'comments commits statuses html issue review_comments review_comment self'.split(
  ' ',
);

/** A pull request as lists show it. */
export function pullSummaryShape(state: GitHubState, pull: Pull): object {
  const repo = `${state.apiUrl}/repos/${state.owner}/${state.repo}`;
  const url = `${repo}/pulls/${pull.number}`;
  const html = htmlUrl(state, pull.number);
  const end = (branch: string, commit: string, fork = ''): object => {
    const owner = fork || state.owner;
    return {
      label: `${owner}:${branch}`,
      ref: branch,
      sha: commit,
      user: userShape(state, owner),
      repo: { ...repositoryShape(state), ...(fork ? { id: idOf(fork), fork: true } : {}) },
    };
  };
  return {
    url,
    id: idOf(url),
    node_id: `PR_${pull.number}`,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: `${repo}/issues/${pull.number}`,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${repo}/pulls/comments{/number}`,
    comments_url: `${repo}/issues/${pull.number}/comments`,
    statuses_url: `${repo}/statuses/${pull.head}`,
    number: pull.number,
    state: pull.state,
    locked: false,
    active_lock_reason: null,
    title: pull.title,
    user: userShape(state, pull.user),
    body: pull.body,
    labels: pull.labels.map((label) => labelShape(state, label)),
    milestone: null,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
    merged_at: pull.merge ? pull.closedAt : null,
    merge_commit_sha: pull.merge?.commit ?? pull.trial,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    head: end(pull.branch, pull.head, pull.fork),
    base: end(pull.base, pull.baseCommit),
    _links: Object.fromEntries(PULL_LINKS.map((link) => [link, { href: url }])),
    author_association: 'COLLABORATOR',
    auto_merge: pull.autoMerge && {
      enabled_by: userShape(state, pull.autoMerge.by),
      merge_method: 'merge',
      commit_title: pull.autoMerge.message.split('\n')[0],
      commit_message: pull.autoMerge.message,
    },
    draft: pull.draft,
  };
}

/** A pull request by itself. `mergeable` is null while that has not been worked out. */
export function pullShape(state: GitHubState, pull: Pull, mergeable: boolean | null): object {
  return {
    ...pullSummaryShape(state, pull),
    merged: pull.merge !== null,
    mergeable,
    rebaseable: null,
    mergeable_state: mergeable === null ? 'unknown' : mergeable ? 'clean' : 'dirty',
    merged_by: pull.merge ? userShape(state, pull.merge.by) : null,
    comments: state.comments.filter((comment) => comment.pull === pull.number).length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: 1,
    additions: 1,
    deletions: 1,
    changed_files: 1,
  };
}

const FILE_STATUS: Record<string, string> = {
  A: 'added',
  D: 'removed',
  R: 'renamed',
  M: 'modified',
};

/** A file that a pull request changes. */
export function fileShape(
  state: GitHubState,
  pull: Pull,
  { status, path, before }: { status: string; path: string; before?: string },
): object {
  const place = `${pull.head}/${encodeURI(path)}`;
  return {
    sha: pull.head,
    filename: path,
    status: FILE_STATUS[status] ?? 'changed',
    additions: 1,
    deletions: 1,
    changes: 2,
    blob_url: `${state.origin}/${state.owner}/${state.repo}/blob/${place}`,
    raw_url: `${state.origin}/${state.owner}/${state.repo}/raw/${place}`,
    contents_url: `${state.apiUrl}/repos/${state.owner}/${state.repo}/contents/${encodeURI(path)}?ref=${pull.head}`,
    ...(before === undefined ? {} : { previous_filename: before }),
  };
}

/** The issue that goes with every pull request. */
export function issueShape(state: GitHubState, pull: Issue): object {
  const repo = `${state.apiUrl}/repos/${state.owner}/${state.repo}`;
  const url = `${repo}/issues/${pull.number}`;
  const by = pull.merge?.by ?? pull.closedBy;
  return {
    id: idOf(url),
    node_id: `PR_${pull.number}`,
    url,
    repository_url: repo,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: htmlUrl(state, pull.number),
    number: pull.number,
    state: pull.state,
    state_reason: null,
    title: pull.title,
    body: pull.body,
    user: userShape(state, pull.user),
    labels: pull.labels.map((label) => labelShape(state, label)),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: false,
    comments: state.comments.filter((comment) => comment.pull === pull.number).length,
    closed_at: pull.closedAt,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_by: by === null ? null : userShape(state, by),
    author_association: 'COLLABORATOR',
  };
}

export function commentShape(state: GitHubState, comment: Comment): object {
  const repo = `${state.apiUrl}/repos/${state.owner}/${state.repo}`;
  return {
    id: comment.id,
    node_id: `IC_${comment.id}`,
    url: `${repo}/issues/comments/${comment.id}`,
    html_url: `${htmlUrl(state, comment.pull)}#issuecomment-${comment.id}`,
    issue_url: `${repo}/issues/${comment.pull}`,
    body: comment.body,
    user: userShape(state, comment.user),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: comment.user === state.account ? 'COLLABORATOR' : 'NONE',
  };
}

export function statusShape(state: GitHubState, status: Status): object {
  const url = `${state.apiUrl}/repos/${state.owner}/${state.repo}/statuses/${status.commit}`;
  return {
    url,
    avatar_url: `${state.origin}/${state.account}.png`,
    id: status.id,
    node_id: `SC_${status.id}`,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
    creator: userShape(state, state.account),
  };
}

function htmlUrl(state: GitHubState, number: number): string {
  return `${state.origin}/${state.owner}/${state.repo}/pull/${number}`;
}
