import { lengthOfPlan } from '../plan/scenarios.ts'
import { amount, span } from '../result/words.ts'
import { type Cluster, files, namesOf } from './manifests.ts'
import { runnerSize } from './sizes.ts'

/** What is in the directory, and how to use it. */
export function readme({ order, image, runnerImage }: Cluster): string {
  const { plan, target, revision } = order
  const names = namesOf(order)
  const { cores, memoryMiB } = runnerSize(plan)
  return `# ${plan.scenario} on Kubernetes

${amount(plan.users)} users against ${target}, played by ${plan.shards} runners on as many nodes (${cores} CPU and ${amount(memoryMiB)} MiB each), for ${span(lengthOfPlan(plan))}. Written by \`pnpm loadtest ${plan.scenario} --kubernetes\`${revision ? ` at revision ${revision}` : ''}. k6-operator 1.0 or newer plays it.

The collector's image, once for each revision, from the root of the checkout; then where the cluster finds it:

\`\`\`sh
docker build -f harness/kubernetes/Dockerfile -t ${image} .
\`\`\`

A run, from this directory, in the namespace of your context or of \`-n\`:

\`\`\`sh
kubectl delete -k . --ignore-not-found     # the last run's
kubectl apply --server-side -k .           # the archive is too large for a client-side apply
kubectl logs -f deploy/${names.collector}
\`\`\`

The verdict, which the collector keeps until it is deleted:

\`\`\`sh
kubectl port-forward svc/${names.collector} 8080 &
until curl -fsS http://127.0.0.1:8080/result.json -o result.json; do sleep 5; done
curl -fsS http://127.0.0.1:8080/summary.md
\`\`\`

If nothing starts: \`curl http://127.0.0.1:8080/readyz\` says whether the target holds the population, and \`kubectl get testrun,pods\` whether there are ${plan.shards} nodes with room. Nothing is played before all ${plan.shards} runners are there; one that dies makes the run invalid, and so does one that cannot reach the collector.

| file | what it is |
|---|---|
| \`${files.testRun}\` | the runners: image ${runnerImage}, execution segments by \`parallelism\` |
| \`${files.archive}\` | the scenario and its workload, by \`k6 archive\`; whoever changes the workload writes this directory anew |
| \`${files.plan}\` | the same for the collector |
| \`${files.collector}\` | the collector, which judges |
| \`${files.secret}\` | the session secret and the collector's token. Do not commit it: \`.gitignore\` leaves it out |
`
}
