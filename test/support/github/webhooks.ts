import { createHmac, randomUUID } from 'node:crypto';

import { webhookFaults } from './conformance.ts';
import { commentShape, issueShape, pullShape, repositoryShape, userShape } from './shapes.ts';
import type { GitHubState, Pull } from './state.ts';

export interface Hook {
  url: string;
  secret: string;
}

/** A webhook as it is sent. */
export interface Delivery {
  event: string;
  headers: Record<string, string>;
  body: string;
}

const NOTHING = '0'.repeat(40);

/** What webhooks have told of a pull request. */
interface Told {
  state: string;
  head: string;
  title: string;
  body: string;
  labels: string[];
}

/** Finds out what has changed since it last looked, and makes the webhooks that tell of it. */
export class Webhooks {
  /** Every one so far, whether or not it was sent. */
  readonly deliveries: Delivery[] = [];
  readonly violations: string[] = [];
  readonly #state: GitHubState;
  readonly #pulls = new Map<number, Told>();
  #branches: Map<string, string>;
  #comments = 0;

  constructor(state: GitHubState) {
    this.#state = state;
    this.#branches = state.repository.branches();
  }

  /** Webhooks of what happened since the last call, signed with the secret. */
  look(secret: string): Delivery[] {
    const from = this.deliveries.length;
    const add = (event: string, name: string, payload: object): void => {
      const full = { ...payload, repository: this.#repository(), sender: this.#sender() };
      this.violations.push(...webhookFaults(name, full).map((fault) => `${name}: ${fault}`));
      this.deliveries.push(sign(event, JSON.stringify(full), secret));
    };
    this.#lookAtBranches(add);
    for (const pull of this.#state.pulls) this.#lookAtPull(pull, add);
    for (const comment of this.#state.comments.filter(({ id }) => id > this.#comments)) {
      this.#comments = comment.id;
      const pull = this.#state.pulls.find(({ number }) => number === comment.pull);
      if (!pull) continue;
      const issue = { reactions: {}, ...issueShape(this.#state, pull) };
      add('issue_comment', 'issue-comment-created', {
        action: 'created',
        comment: {
          ...commentShape(this.#state, comment),
          reactions: reactions(comment.id),
          performed_via_github_app: null,
        },
        issue: {
          ...issue,
          reactions: reactions(comment.id),
          labels: [],
          state: pull.state,
          locked: false,
          active_lock_reason: null,
          assignee: null,
        },
      });
    }
    return this.deliveries.slice(from);
  }

  #lookAtBranches(add: Add): void {
    const now = this.#state.repository.branches();
    for (const branch of new Set([...this.#branches.keys(), ...now.keys()])) {
      const before = this.#branches.get(branch) ?? NOTHING;
      const after = now.get(branch) ?? NOTHING;
      if (before === after) continue;
      add('push', 'push', {
        ref: `refs/heads/${branch}`,
        before,
        after,
        created: before === NOTHING,
        deleted: after === NOTHING,
        forced: false,
        base_ref: null,
        compare: `${this.#state.origin}/compare/${before}...${after}`,
        commits: [],
        head_commit: null,
        pusher: { name: 'pusher', email: 'pusher@example.org' },
      });
    }
    this.#branches = now;
  }

  #lookAtPull(pull: Pull, add: Add): void {
    const told = this.#pulls.get(pull.number);
    const { state, head, title, body: text, labels } = pull;
    const body = text ?? '';
    this.#pulls.set(pull.number, { state, head, title, body, labels: [...labels] });
    const tell = (action: string, more: object = {}): void => {
      const pullRequest = pullShape(this.#state, pull, null);
      add('pull_request', `pull-request-${action}`, {
        action,
        number: pull.number,
        pull_request: pullRequest,
        ...more,
      });
    };
    if (!told) {
      tell('opened');
    } else {
      if (told.head !== head) tell('synchronize', { before: told.head, after: head });
      if (told.state !== state) tell(state === 'open' ? 'reopened' : 'closed');
      if (told.title !== title || told.body !== body) {
        const changes = {
          ...(told.title === title ? {} : { title: { from: told.title } }),
          ...(told.body === body ? {} : { body: { from: told.body } }),
        };
        tell('edited', { changes });
      }
      const label = { id: 1, node_id: 'LA_1', url: this.#state.origin, color: 'ededed' };
      const named = (name: string): object => ({
        label: { ...label, name, description: null, default: false },
      });
      for (const name of labels) if (!told.labels.includes(name)) tell('labeled', named(name));
      for (const name of told.labels) if (!labels.includes(name)) tell('unlabeled', named(name));
    }
  }

  #repository(): object {
    const shape = repositoryShape(this.#state);
    return { ...shape, custom_properties: {} };
  }

  #sender(): object {
    return userShape(this.#state, this.#state.account);
  }
}

type Add = (event: string, name: string, payload: object) => void;

/** A webhook with the headers that the service sends. */
export function sign(event: string, body: string, secret: string): Delivery {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return {
    event,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/1f0c2a9',
      'x-github-event': event,
      'x-github-delivery': randomUUID(),
      'x-github-hook-id': '1',
      'x-hub-signature-256': `sha256=${signature}`,
    },
    body,
  };
}

function reactions(id: number): object {
  const kinds = ['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes'];
  return {
    url: `https://api.github.com/comments/${id}/reactions`,
    total_count: 0,
    ...Object.fromEntries(kinds.map((kind) => [kind, 0])),
  };
}
