/** The pipeline of all scenarios: many small commits, and nobody to be told of incidents. */
export function pipelineText(options: {
  readonly topic: string;
  readonly group: string;
  readonly sessionMs: number;
}): string {
  const { topic, group, sessionMs } = options;
  return `name: chaos
format: canonical-json
prices: ./prices.yaml
flush: { every: 400ms }
source: { kafka: { topics: [${topic}], group: ${group}, session_timeout: ${sessionMs}ms } }
detection: { minimum_usd: 1000000000 }
`;
}
