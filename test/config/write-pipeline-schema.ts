// Writes schemas/pipeline.schema.json anew after a change of src/config/pipeline.ts: npx tsx test/config/write-pipeline-schema.ts
import { writeFileSync } from "node:fs";
import { pipelineSchemaText } from "./pipeline-schema-text.ts";

writeFileSync("schemas/pipeline.schema.json", await pipelineSchemaText());
