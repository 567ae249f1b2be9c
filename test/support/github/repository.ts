import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface MergeRequest {
  head: string;
  base: string;
  message: string;
  author: string;
}

/** A bare repository on this machine, worked on with git's own commands. */
export class BareRepository {
  readonly directory: string;

  /** What two commits are to each other never changes. */
  readonly #ancestors = new Map<string, boolean>();
  readonly #merges = new Map<string, { tree: string } | { conflicts: string[] }>();
  /** Made once, as with the service itself: their time is a part of their id. */
  readonly #trials = new Map<string, string | undefined>();

  /** Makes a new repository with the branch `main`, which holds one commit. */
  constructor(directory: string) {
    this.directory = directory;
    const options = ['--quiet', '--bare', '--initial-branch=main', '--template='];
    execFileSync('git', ['init', ...options, directory]);
    appendFileSync(join(directory, 'config'), '[http]\n\treceivepack = true\n');
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

  /** Commits by branch, read as git writes them: asked so often that starting git would take most of the time. */
  branches(): Map<string, string> {
    const found = new Map<string, string>();
    const packed = join(this.directory, 'packed-refs');
    if (existsSync(packed)) {
      for (const line of readFileSync(packed, 'utf8').split('\n')) {
        const [, commit, branch] = /^([0-9a-f]{40}) refs\/heads\/(.+)$/.exec(line) ?? [];
        if (commit !== undefined && branch !== undefined) found.set(branch, commit);
      }
    }
    const loose = join(this.directory, 'refs/heads');
    for (const entry of readdirSync(loose, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.endsWith('.lock')) continue;
      const file = join(entry.parentPath, entry.name);
      try {
        found.set(relative(loose, file), readFileSync(file, 'utf8').trim());
      } catch {
        // It was deleted, or packed, meanwhile: then the next look tells.
      }
    }
    return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  branchCommit(branch: string): string | undefined {
    return this.branches().get(branch);
  }

  /** Whether the branch can reach the commit; false if either is unknown. */
  reaches(branch: string, commit: string): boolean {
    const from = this.branchCommit(branch);
    return from !== undefined && this.isAncestor(commit, from);
  }

  isAncestor(ancestor: string, commit: string): boolean {
    return remembered(this.#ancestors, `${ancestor} ${commit}`, () => {
      return this.#try('merge-base', '--is-ancestor', ancestor, commit).status === 0;
    });
  }

  /** Writes files (path → text) as one commit onto a branch; a new branch starts at `from`. Returns the commit. */
  commit(branch: string, files: Record<string, string>, from = 'main'): string {
    const branches = this.branches();
    const parent = branches.get(branch) ?? branches.get(from);
    const stream = [
      `commit refs/heads/${branch}`,
      'mark :1',
      'committer Test <test@example.org> 1700000000 +0000',
      'data 4\nEdit',
      ...(parent === undefined ? [] : [`from ${parent}`]),
      ...Object.entries(files).map(
        ([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}`,
      ),
      'get-mark :1',
      'done\n',
    ].join('\n');
    const options = ['--quiet', '--done', '--force', '--cat-blob-fd=1'];
    return execFileSync('git', ['-C', this.directory, 'fast-import', ...options], {
      input: stream,
      encoding: 'utf8',
    }).trim();
  }

  /** Tree of the merge of two commits, or the paths that conflict. */
  mergeTree(base: string, head: string): { tree: string } | { conflicts: string[] } {
    return remembered(this.#merges, `${base} ${head}`, () => {
      const options = ['--write-tree', '--name-only', '--no-messages'];
      const merged = this.#try('merge-tree', ...options, base, head);
      const [tree = '', ...conflicts] = merged.stdout.trim().split('\n');
      if (merged.status === 0) return { tree };
      if (merged.status === 1) return { conflicts };
      throw new Error(merged.stderr);
    });
  }

  /** What a commit changes since it left another: status letter, path, and the old path of what was renamed. */
  changedFiles(base: string, head: string): { status: string; path: string; before?: string }[] {
    const plain = ['-c', 'core.quotePath=false'];
    const options = ['--name-status', '-M', `${base}...${head}`];
    const lines = this.git(...plain, 'diff', ...options).split('\n');
    return lines.filter(Boolean).map((line) => {
      const [status = '', first = '', second] = line.split('\t');
      return second === undefined
        ? { status: status[0]!, path: first }
        : { status: status[0]!, path: second, before: first };
    });
  }

  /** Merges a commit into a branch, unless the branch moves meanwhile. */
  merge(request: MergeRequest): { commit: string } | { conflicts: string[] } {
    const before = this.branchCommit(request.base)!;
    const merged = this.mergeTree(before, request.head);
    if ('conflicts' in merged) return merged;
    const { head, author, message } = request;
    const commit = this.#commitTree(merged.tree, [before, head], author, message);
    this.git('update-ref', `refs/heads/${request.base}`, commit, before);
    return { commit };
  }

  /** Puts all that a branch holds onto another as one commit. */
  squash(request: MergeRequest): { commit: string } | { conflicts: string[] } {
    const before = this.branchCommit(request.base)!;
    const merged = this.mergeTree(before, request.head);
    if ('conflicts' in merged) return merged;
    const { author, message } = request;
    return this.#advance(request.base, [{ tree: merged.tree, author, message }]);
  }

  /** Puts the commits of a branch onto another, one by one. */
  rebase({ base, head }: MergeRequest): { commit: string } | { conflicts: string[] } {
    const before = this.branchCommit(base)!;
    const steps: { tree: string; author: string; message: string }[] = [];
    for (const commit of this.git('rev-list', '--reverse', `${before}..${head}`).split('\n')) {
      const merged = this.mergeTree(before, commit);
      if ('conflicts' in merged) return merged;
      const [author = '', message = ''] = this.git('log', '-1', '--format=%an%x00%B', commit).split(
        '\0',
      );
      steps.push({ tree: merged.tree, author, message });
    }
    return this.#advance(base, steps);
  }

  /** Keeps a head and its trial merge as `<refs>/head` and `<refs>/merge`. Returns the merge, if there is one. */
  trialMerge(base: string, head: string, refs: string): string | undefined {
    this.git('update-ref', `${refs}/head`, head);
    const commit = remembered(this.#trials, `${base} ${head}`, () => {
      const merged = this.mergeTree(base, head);
      if ('conflicts' in merged) return undefined;
      return this.#commitTree(merged.tree, [base, head], 'Trial', 'Trial merge');
    });
    if (commit !== undefined) this.git('update-ref', `${refs}/merge`, commit);
    return commit;
  }

  deleteBranch(branch: string): void {
    this.git('update-ref', '-d', `refs/heads/${branch}`);
  }

  #advance(
    branch: string,
    steps: readonly { tree: string; author: string; message: string }[],
  ): { commit: string } {
    const before = this.branchCommit(branch)!;
    let commit = before;
    for (const { tree, author, message } of steps)
      commit = this.#commitTree(tree, [commit], author, message);
    this.git('update-ref', `refs/heads/${branch}`, commit, before);
    return { commit };
  }

  #commitTree(tree: string, parents: string[], author: string, message: string): string {
    const identity = ['-c', `user.name=${author}`, '-c', 'user.email=noreply@example.org'];
    const options = parents.flatMap((parent) => ['-p', parent]);
    return this.git(...identity, 'commit-tree', tree, ...options, '-m', message);
  }

  #try(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('git', ['-C', this.directory, ...args], { encoding: 'utf8' });
  }
}

function remembered<T>(table: Map<string, T>, key: string, find: () => T): T {
  const value = table.get(key) ?? find();
  table.set(key, value);
  return value;
}
