import { GiteaForge, type GiteaForgeOptions } from '../../../src/forge/gitea/gitea-forge.ts';
import { type FakeGitea, startGitea } from './server.ts';

export const TOKEN = '0123456789abcdef0123456789abcdef01234567';

/** An emulated Gitea, and our forge in front of it, which does not really wait between attempts. */
export interface GiteaBench {
  gitea: FakeGitea;
  forge: GiteaForge;
  /** Every request as the metrics see it: `GET /pulls/{} 200`. */
  told: string[];
  /** Ends the emulation; throws if anything was asked or answered against Gitea's published API. */
  close(): Promise<void>;
}

export async function startGiteaBench(
  options: Partial<GiteaForgeOptions> = {},
): Promise<GiteaBench> {
  const gitea = await startGitea({ owner: 'acme', repo: 'plan', token: TOKEN });
  const told: string[] = [];
  const forge = new GiteaForge({
    repository: 'acme/plan',
    base: 'main',
    token: () => TOKEN,
    baseUrl: gitea.url,
    sleep: async () => {},
    onRequest: (operation, code) => void told.push(`${operation} ${code}`),
    ...options,
  });
  return {
    gitea,
    forge,
    told,
    close: async () => {
      await gitea.close();
      if (gitea.violations.length > 0) throw new Error(gitea.violations.join('\n'));
    },
  };
}
