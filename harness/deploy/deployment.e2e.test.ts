import { platform } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployment, startDeployment } from './deployment.ts'
import { useAsFirstUser } from './first-user.ts'

const processes = ['api', 'web', 'worker', 'edge', 'store', 'redis', 'prometheus']

type Up = { metric: { job: string }; value: [at: number, value: string] }

/** What a process of a service may do, by trying. */
async function rightsOf(deployment: Deployment, service: string) {
  const script =
    'id -u; grep -c "^Cap.*0000000000000000$" /proc/self/status; for at in / /usr /etc; do touch $at/x && echo $at; done'
  const { output } = await deployment.run(service, ['/bin/sh', '-c', `(${script}) 2>/dev/null`])
  const [user, capabilities, ...wrote] = output.trim().split('\n')
  return { isRoot: user === '0', withoutRights: capabilities === '5', wrote }
}

/** bubblewrap is of Linux; elsewhere the same is tried by Docker. */
if (platform() !== 'linux')
  it('a deployment is refused on another system than Linux, with what to do there', async () => {
    await expect(startDeployment()).rejects.toThrow(/need Linux/)
  })
else
  describe('what deploy/compose.yaml says', () => {
    let deployment: Deployment
    beforeAll(async () => {
      deployment = await startDeployment()
    }, 600_000)
    afterAll(() => deployment?.stop())

    it('is Worklane in production, as its first user finds it: pages, API, worker, store and mail', async () => {
      const said: string[] = []
      await useAsFirstUser(deployment, (line) => said.push(line))
      expect(said).toHaveLength(3)
    })

    it('is really production: there is no page of mails, and no figures for the public', async () => {
      const statusOf = async (path: string) => (await fetch(deployment.origin + path)).status
      expect(await statusOf('/dev/mail')).toBe(404)
      expect(await statusOf('/operators')).toBe(404)
      expect(await statusOf('/metrics')).toBe(404)
      expect(await statusOf('/pricing')).toBe(200)
      const { output } = await deployment.run('api', ['printenv', 'WORKLANE_ENV'])
      expect(output).toBe('production')
    })

    it.each(processes)('runs %s as a user without rights, where nothing can be written to', async (name) => {
      expect(await rightsOf(deployment, name)).toEqual({ isRoot: false, withoutRights: true, wrote: [] })
    })

    it('gives api, web and worker no word of the database’s administrator', async () => {
      const secret = deployment.environment.WORKLANE_DATABASE_PASSWORD ?? ''
      for (const name of ['api', 'web', 'worker']) {
        const { output } = await deployment.run(name, ['printenv'])
        expect(output).toContain('APP_DATABASE_URL=')
        expect(output).not.toContain(secret)
        expect(output).not.toContain(deployment.environment.DATABASE_ROLES_SECRET)
      }
    })

    it('is watched: Prometheus sees all three, and has the rules', async () => {
      const ask = async <Of>(path: string): Promise<Of> =>
        (await fetch(`http://${deployment.addresses.prometheus}:9090/api/v1/${path}`)).json() as Promise<Of>
      await expect
        .poll(
          async () => {
            const { data } = await ask<{ data: { result: Up[] } }>('query?query=up')
            return data.result.map(({ metric, value }) => [metric.job, value[1]])
          },
          { timeout: 60_000 },
        )
        .toEqual(expect.arrayContaining(['api', 'web', 'worker'].map((job) => [job, '1'])))
      expect((await ask<{ data: { groups: unknown[] } }>('rules')).data.groups.length).toBeGreaterThan(0)
    })

    it('stops when it is told to, each process by itself', async () => {
      const ended = await deployment.stop()
      expect(Object.keys(ended).sort()).toEqual([...processes, 'postgres'].sort())
      // Next says by its exit code that it was told to stop.
      expect(Object.entries(ended).filter(([, code]) => code !== 0)).toEqual([['web', 143]])
    })
  })

/** Without a build of the web part: what stands before it ends it. */
if (platform() === 'linux')
  describe('a deployment that is set up wrongly', () => {
    it.each<[string, string, (environment: Record<string, string>) => void, RegExp]>([
      [
        'a password of a role that is another one’s',
        'api',
        (environment) => {
          environment.APP_DATABASE_URL = environment.AUTH_DATABASE_URL ?? ''
        },
        /api ended while starting:.*APP_DATABASE_URL/s,
      ],
      [
        'no mail server in production',
        'worker',
        (environment) => {
          delete environment.SMTP_URL
        },
        /worker ended while starting:.*SMTP_URL: is not set/s,
      ],
      [
        'a fault of tests',
        'api',
        (environment) => {
          environment.WORKLANE_FAULTS = 'leak=cache'
        },
        /api ended while starting:.*faults are for tests only/s,
      ],
    ])('is not started, and it is said why: %s', async (_, name, spoil, said) => {
      const started = startDeployment({
        only: ['postgres', 'redis', 'store', 'migrate', name],
        change: (services) => spoil(services[name]?.environment ?? {}),
      })
      await expect(started).rejects.toThrow(said)
    })

    it('is seen where a process is root and may write', async () => {
      const deployment = await startDeployment({
        only: ['redis'],
        change: ({ redis }) => {
          if (redis) Object.assign(redis, { read_only: false, user: '0:0' })
        },
      })
      const rights = await rightsOf(deployment, 'redis').finally(() => deployment.stop())
      expect(rights).toEqual({ isRoot: true, withoutRights: true, wrote: ['/', '/usr', '/etc'] })
    })
  })
