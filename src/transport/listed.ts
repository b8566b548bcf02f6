// A device file that is not there: because nothing is plugged in, or although something is, in a container
// that was not given the device or where no udev makes the files. Linux tells the two apart.
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Whether the system lists a device of this path. `root` is for tests. */
export const isListed = (path: string, root = '/'): boolean =>
  ['tty', 'hidraw'].some((kind) => existsSync(join(root, 'sys/class', kind, basename(path))))

/** What people read when `path` cannot be opened because it is not there. */
export const absence = (path: string, root = '/'): string =>
  isListed(path, root)
    ? `The system lists ${path} as plugged in, but there is no such file here. In a container, give it the device, such as with --device ${path}; elsewhere, see that udev is running.`
    : `${path} is not there. Is the wand plugged in?`
