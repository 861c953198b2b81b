import { startSandbox } from '@headroom/payments-sandbox/server.ts'
import type { Command } from 'commander'
import pc from 'picocolors'
import { wholeNumber } from '../../plan/options.ts'
import { UsageError } from '../../plan/usage.ts'

type Options = { port: number; seed?: string; frozen: boolean; webhook?: string }

export function register(program: Command): void {
  program
    .command('sandbox')
    .description('starts a Stripe for development and tests, until it is stopped')
    .option('--port <port>', 'where it listens', wholeNumber(1, 65_535), 12_113)
    .option('--seed <text>', 'makes ids and random choices repeatable')
    .option('--frozen', 'its clock stands still until it is moved', false)
    .option('--webhook <url>', 'where it delivers all events')
    .action(async ({ port, seed, frozen, webhook }: Options) => {
      const { origin, secretKey, publishableKey, controlKey, webhookSecrets, close } = await startSandbox({
        port,
        frozen,
        ...(seed === undefined ? {} : { seed }),
        ...(webhook === undefined ? {} : { webhooks: [{ url: webhook }] }),
      }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') throw error
        throw new UsageError(`port ${port} is in use`, 'give another one with --port')
      })
      console.log(`${pc.bold('Payments sandbox')}  ${pc.cyan(origin)}  ${pc.dim('Ctrl-C stops it.')}`)
      console.log(`secret key       ${secretKey}`)
      console.log(`publishable key  ${publishableKey}`)
      for (const secret of webhookSecrets) console.log(`webhook secret   ${secret}`)
      console.log(`control          ${origin}/_sandbox  ${controlKey}`)
      await new Promise<void>((resolve) => {
        process.once('SIGINT', () => resolve())
        process.once('SIGTERM', () => resolve())
      })
      await close()
    })
}
