import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { TestContext } from 'vitest';

import { messageOf } from '../../src/model/errors.ts';
import { ansibleCommand } from './ansible.ts';
import { skipFor } from './tools.ts';
import { eventually } from './wait.ts';

const run = promisify(execFile);
const SSHD = '/usr/sbin/sshd';
/** Network of a site's hosts. Each site has its own, so all may be alike. */
const NETWORK = '10.77.0';

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Ends with its input, however the test ends; with it end the namespaces, and what is mounted in them. */
const SITE = 'echo ready; exec cat';

/**
 * A host: the system's own files below a layer that takes what is written, its own processes and name, and a real sshd.
 * Arguments: an empty folder, the host's name, the folder with keys.
 */
const HOST = `
set -e
mount -t tmpfs lab "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay lab -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
cp "$3/id.pub" "$3/$2.key" "$1"
cd "$1/root"
mkdir -p run tmp root proc dev
mount -t tmpfs -o mode=755 lab run
mount -t tmpfs -o mode=1777 lab tmp
mount -t tmpfs -o mode=700 lab root
mount -t proc proc proc
mount --rbind /dev dev
mkdir -p run/sshd root/.ssh
cp ../id.pub root/.ssh/authorized_keys
cp "../$2.key" root/host_key
chmod 600 root/.ssh/authorized_keys root/host_key
hostname "$2"
chroot . ${SSHD} -D -f /dev/null -h /root/host_key -o UsePAM=no -o PermitRootLogin=prohibit-password &
echo ready
exec 3<&0
cat <&3 > /dev/null
`;

/** Why no lab can be had here; undefined: it can. */
async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const [tool, names] of [
    ['ip', 'iproute2'],
    ['unshare', 'util-linux'],
    ['nsenter', 'util-linux'],
    [SSHD, 'openssh-server'],
    ['ssh', 'openssh-client'],
  ] as const)
    if (!(await exists(tool))) return `${tool} is missing: install ${names}`;
  const steps = `set -e
    folder=$(mktemp -d)
    mount -t tmpfs lab "$folder"
    mkdir "$folder/upper" "$folder/work" "$folder/root"
    mount -t overlay lab -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
    ip link add lab0 type bridge
    ip link add lab1 type veth peer name lab2
    umount "$folder/root" "$folder"
    rmdir "$folder"`;
  try {
    await run('unshare', ['--net', '--mount', '--pid', '--uts', '--fork', 'sh', '-c', steps]);
    // A cable into a site goes out of the network that the test itself is in.
    const name = `lab${process.pid}`;
    await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}b`]);
    await run('ip', ['link', 'delete', name]);
    return undefined;
  } catch (error) {
    return `namespaces are not allowed here: ${messageOf(error).split('\n').slice(1, 2).join('')}`;
  }
}

async function exists(tool: string): Promise<boolean> {
  if (tool.startsWith('/'))
    return access(tool).then(
      () => true,
      () => false,
    );
  return run('sh', ['-c', 'command -v "$1"', 'sh', tool]).then(
    () => true,
    () => false,
  );
}

let reason: Promise<string | undefined> | undefined;

/** Skips the test where no lab can be had, and says why; fails if TRUEUP_NEED_TOOLS is set. */
export async function needLab(context: TestContext): Promise<void> {
  reason ??= whyNot();
  skipFor(context, await reason);
}

interface LabHost {
  address: string;
  /** The host's own root, as this machine sees it. */
  root: string;
  pid: number;
}

/**
 * A site in a network of its own: hosts with real sshd on one switch, and a cable to the centre, which is here. What is
 * run with `within` stands at the site. Cables can be cut and slowed.
 */
export class Lab {
  readonly folder: string;
  /** The centre's address, as the site sees it. */
  readonly centre: string;
  readonly knownHosts: string;
  readonly privateKey: string;
  readonly #children: Child[] = [];
  readonly #hosts = new Map<string, LabHost>();
  #site = 0;

  private constructor(folder: string) {
    this.folder = folder;
    this.knownHosts = join(folder, 'known_hosts');
    this.privateKey = join(folder, 'id');
    // 198.18.0.0/15 is set aside for tests of networks (RFC 2544).
    this.centre = `198.18.${process.pid % 256}.1`;
  }

  static async up(names: readonly string[]): Promise<Lab> {
    const lab = new Lab(await mkdtemp(join(tmpdir(), 'trueup-lab-')));
    try {
      await lab.#build(names);
      return lab;
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  /** Ends all of it. */
  async down(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.stdin.end();
        await ended;
      }),
    );
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  host(name: string): LabHost {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** What stands in a file of a host's; undefined: there is none. */
  async read(name: string, path: string): Promise<string | undefined> {
    return readFile(join(this.host(name).root, path), 'utf8').catch(() => undefined);
  }

  async write(name: string, path: string, text: string): Promise<void> {
    await writeFile(join(this.host(name).root, path), text);
  }

  async remove(name: string, path: string): Promise<void> {
    await rm(join(this.host(name).root, path));
  }

  /** Plugs the cable of a host, or the site's own to the centre (`centre`), in or out. */
  async link(name: string, state: 'up' | 'down'): Promise<void> {
    const cable = name === 'centre' ? 'uplink' : name;
    await this.#inSite(`ip link set ${cable} ${state}`);
  }

  /** Cuts a cable so many times for a moment (ms). */
  async flap(name: string, times: number, moment = 300): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      await this.link(name, 'down');
      await sleep(moment);
      await this.link(name, 'up');
      await sleep(moment);
    }
  }

  /** Lets only so much (`200kbit`) through a cable: from the centre to the site, or from the site to a host. */
  async slow(name: string, rate: string): Promise<void> {
    const steps = (cable: string): string =>
      `tc qdisc replace dev ${cable} root tbf rate ${rate} burst 8kb latency 2s`;
    if (name === 'centre') await run('sh', ['-ec', steps(this.#cable)]);
    else await this.#inSite(steps(name));
  }

  /** The words that run a command at the site. */
  within(...command: string[]): [string, string[]] {
    return ['nsenter', [`--net=/proc/${this.#site}/ns/net`, ...command]];
  }

  /** A program that is `ansible-playbook` at the site. */
  async ansible(): Promise<string> {
    const [nsenter, words] = this.within(await ansibleCommand());
    const path = join(this.folder, 'ansible-playbook');
    await writeFile(path, `#!/bin/sh\nexec ${[nsenter, ...words].join(' ')} "$@"\n`);
    await chmod(path, 0o755);
    return path;
  }

  get #cable(): string {
    return `lab${process.pid}`;
  }

  async #build(names: readonly string[]): Promise<void> {
    const { folder } = this;
    const makeKey = (name: string) =>
      run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)]);
    await Promise.all(['id', ...names.map((name) => `${name}.key`)].map(makeKey));
    this.#site = (await this.#start(['--net', 'sh', '-c', SITE])).pid!;
    const [network] = /.*\./.exec(this.centre) ?? [''];
    await run('sh', [
      '-ec',
      `ip link add ${this.#cable} type veth peer name uplink netns ${this.#site}
       ip addr add ${network}1/30 dev ${this.#cable}
       ip link set ${this.#cable} up`,
    ]);
    await this.#inSite(
      `ip link set lo up
       ip addr add ${network}2/30 dev uplink
       ip link set uplink up
       ip link add switch type bridge
       ip addr add ${NETWORK}.1/24 dev switch
       ip link set switch up`,
    );
    const known = await Promise.all(names.map((name, index) => this.#addHost(name, index + 11)));
    await writeFile(this.knownHosts, known.join(''));
    await Promise.all(names.map((name) => this.#answers(name)));
  }

  /** Returns the line of known_hosts. */
  async #addHost(name: string, number: number): Promise<string> {
    const place = join(this.folder, `${name}.root`);
    await mkdir(place);
    const flags = ['--net', '--mount', '--pid', '--uts', '--ipc', '--fork', '--kill-child'];
    const rest = ['--propagation', 'private', 'sh', '-c', HOST, 'sh', place, name, this.folder];
    const { pid: parent } = await this.#start([...flags, ...rest]);
    const pid = Number(await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8'));
    const address = `${NETWORK}.${number}`;
    await this.#inSite(
      `ip link add ${name} type veth peer name eth0 netns ${pid}
       ip link set ${name} master switch up
       nsenter --net=/proc/${pid}/ns/net sh -ec 'ip link set lo up
         ip addr add ${address}/24 dev eth0
         ip link set eth0 up'`,
    );
    this.#hosts.set(name, { address, pid, root: `/proc/${pid}/root${place}/root` });
    const key = await readFile(join(this.folder, `${name}.key.pub`), 'utf8');
    return `${address} ${key.split(' ').slice(0, 2).join(' ')}\n`;
  }

  /** Waits until a host's sshd answers. */
  async #answers(name: string): Promise<void> {
    const options = [`UserKnownHostsFile=${this.knownHosts}`, 'BatchMode=yes', 'ConnectTimeout=2'];
    const words = ['-F', 'none', '-i', this.privateKey, ...options.flatMap((one) => ['-o', one])];
    await eventually(`${name} answers`, async () => {
      await run(...this.within('ssh', ...words, `root@${this.host(name).address}`, 'true'));
      return true;
    });
  }

  async #inSite(steps: string): Promise<void> {
    await run(...this.within('sh', '-ec', steps));
  }

  /** Starts `unshare`, and waits until what it runs is ready. */
  async #start(words: readonly string[]): Promise<Child> {
    const child = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    const [told]: unknown[] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (String(told).trim() !== 'ready')
      throw new Error(`a namespace did not start: ${String(told)}`);
    return child;
  }
}
