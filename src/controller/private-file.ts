import { open, rename } from 'node:fs/promises';

/** Writes a file that its owner alone can read; after a crash it is there whole or not at all. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const fresh = `${file}.new`;
  {
    await using handle = await open(fresh, 'w', 0o600);
    await handle.chmod(0o600);
    await handle.writeFile(text);
    await handle.sync();
  }
  await rename(fresh, file);
}
