import { format } from "prettier";
import { z } from "zod";
import { PIPELINE_SCHEMA } from "../../src/config/pipeline.ts";

/** What schemas/pipeline.schema.json must hold: editors complete and check pipeline files with it. */
export function pipelineSchemaText(): Promise<string> {
  const schema = z.toJSONSchema(PIPELINE_SCHEMA, { io: "input" });
  const titled = { ...schema, title: "spikewatch pipeline" };
  return format(JSON.stringify(titled), { parser: "json", printWidth: 100 });
}
