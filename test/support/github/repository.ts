import { execFileSync, spawnSync } from 'node:child_process';

export interface MergeRequest {
  head: string;
  base: string;
  message: string;
  author: string;
}

/** A bare repository on this machine, worked on with git's own commands. */
export class BareRepository {
  readonly directory: string;

  /** Makes a new repository with the branch `main`, which holds one commit. */
  constructor(directory: string) {
    this.directory = directory;
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', directory]);
    this.git('config', 'http.receivepack', 'true');
    this.commit('main', { 'README.md': 'A plan.\n' });
  }

  git(...args: string[]): string {
    return execFileSync('git', ['-C', this.directory, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** Commit that a revision names, or undefined. */
  commitOf(revision: string): string | undefined {
    const found = this.#try(
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${revision}^{commit}`,
    );
    return found.status === 0 ? found.stdout.trim() : undefined;
  }

  branchCommit(branch: string): string | undefined {
    return this.commitOf(`refs/heads/${branch}`);
  }

  /** Whether the branch can reach the commit; false if either is unknown. */
  reaches(branch: string, commit: string): boolean {
    return this.#try('merge-base', '--is-ancestor', commit, `refs/heads/${branch}`).status === 0;
  }

  /** Writes files (path → text) as one commit onto a branch; a new branch starts at `from`. Returns the commit. */
  commit(branch: string, files: Record<string, string>, from = 'main'): string {
    const parent = this.branchCommit(branch) ?? this.branchCommit(from);
    const stream = [
      `commit refs/heads/${branch}`,
      'committer Test <test@example.org> 1700000000 +0000',
      'data 4\nEdit',
      ...(parent === undefined ? [] : [`from ${parent}`]),
      ...Object.entries(files).map(
        ([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}`,
      ),
      'done\n',
    ].join('\n');
    execFileSync('git', ['-C', this.directory, 'fast-import', '--quiet', '--done', '--force'], {
      input: stream,
    });
    return this.branchCommit(branch)!;
  }

  /** Tree of the merge, or the paths that conflict. */
  mergeTree(base: string, head: string): { tree: string } | { conflicts: string[] } {
    const merged = this.#try(
      'merge-tree',
      '--write-tree',
      '--name-only',
      '--no-messages',
      base,
      head,
    );
    const [tree = '', ...conflicts] = merged.stdout.trim().split('\n');
    if (merged.status === 0) return { tree };
    if (merged.status === 1) return { conflicts };
    throw new Error(merged.stderr);
  }

  /** Merges a commit into a branch, unless the branch moves meanwhile. */
  merge(request: MergeRequest): { commit: string } | { conflicts: string[] } {
    const before = this.branchCommit(request.base)!;
    const merged = this.mergeTree(before, request.head);
    if ('conflicts' in merged) return merged;
    const { head, author, message } = request;
    const identity = ['-c', `user.name=${author}`, '-c', 'user.email=noreply@example.org'];
    const parents = ['-p', before, '-p', head];
    const commit = this.git(...identity, 'commit-tree', merged.tree, ...parents, '-m', message);
    this.git('update-ref', `refs/heads/${request.base}`, commit, before);
    return { commit };
  }

  deleteBranch(branch: string): void {
    this.git('update-ref', '-d', `refs/heads/${branch}`);
  }

  #try(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('git', ['-C', this.directory, ...args], { encoding: 'utf8' });
  }
}
