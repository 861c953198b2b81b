import { join } from 'node:path'
import { execa } from 'execa'
import { project } from '../project.ts'

/** The targets of deploy/Dockerfile that run somewhere. */
const targets = ['api', 'web', 'worker', 'edge', 'migrate', 'store']

/**
 * Builds all images, where a Docker can be reached.
 * @returns false where there is none
 * @throws Error of the build that failed
 */
export async function buildImages(): Promise<boolean> {
  const { failed } = await execa('docker', ['version', '--format', '{{.Server.Version}}'], { reject: false })
  if (failed) return false
  for (const target of targets)
    await execa(
      'docker',
      [
        'build',
        '--file',
        join(project, 'deploy/Dockerfile'),
        '--target',
        target,
        '--tag',
        `worklane/${target}`,
        project,
      ],
      { stdio: 'inherit', env: { DOCKER_BUILDKIT: '1' } },
    )
  return true
}
