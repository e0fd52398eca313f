import type { Pipeline } from "../config/pipeline.ts";
import type { AttributeSlots } from "./attribute-slots.ts";
import { dimensionOf } from "./canonical-json-decoder.ts";
import { headerText, type Headers } from "./record-decoder.ts";

/**
 * Where dimensions come from unless the pipeline says otherwise. The GenAI conventions know no team: these are the names in common use.
 * `service.namespace` is left out on purpose: `unknown` is better than the wrong team.
 */
const DEFAULT_MAPPING: Readonly<Record<string, readonly string[]>> = {
  department: ["attribute.department", "resource.department"],
  team: [
    "attribute.team.id",
    "resource.team.id",
    "attribute.team",
    "resource.team",
    "header.x-team",
  ],
  user: [
    "attribute.enduser.id",
    "attribute.user.id",
    "attribute.user.email",
    "resource.enduser.id",
    "resource.user.id",
    "header.x-user",
  ],
  key: ["attribute.api_key.name", "header.x-api-key-name"],
  agent: ["attribute.gen_ai.agent.name", "attribute.gen_ai.agent.id"],
  provider: ["attribute.gen_ai.provider.name", "attribute.gen_ai.system"],
  model: ["attribute.gen_ai.response.model", "attribute.gen_ai.request.model"],
  tool: ["resource.service.name"],
  service_tier: [
    "attribute.openai.response.service_tier",
    "attribute.gen_ai.openai.response.service_tier",
    "attribute.openai.request.service_tier",
    "attribute.gen_ai.openai.request.service_tier",
  ],
  session: ["attribute.gen_ai.conversation.id", "attribute.session.id"],
};

type Reference =
  { readonly from: AttributeSlots; readonly slot: number } | { readonly header: string };

/** One dimension and the places it may come from, in order. `dim` is -1 for the session. */
export interface MappedDimension {
  readonly name: string;
  readonly dim: number;
  readonly references: readonly Reference[];
}

/** Compiles a pipeline's mapping over the defaults; labels come from an attribute of their name, of the span or its resource. */
export function compileMapping(
  pipeline: Pipeline,
  resource: AttributeSlots,
  span: AttributeSlots,
): MappedDimension[] {
  const mapping = new Map(Object.entries(DEFAULT_MAPPING));
  for (const label of pipeline.labels) {
    mapping.set(label, [`attribute.${label}`, `resource.${label}`]);
  }
  for (const [name, references] of Object.entries(pipeline.mapping)) mapping.set(name, references);
  return [...mapping].map(([name, references]) => ({
    name,
    dim: dimensionOf(name, pipeline.labels),
    references: references.map((text): Reference => {
      const dot = text.indexOf(".");
      const rest = text.slice(dot + 1);
      if (text.startsWith("header.")) return { header: rest };
      const from = text.startsWith("resource.") ? resource : span;
      return { from, slot: from.slot(rest) };
    }),
  }));
}

/** The first reference that holds a value; numbers and booleans become text. */
export function mappedValue({ references }: MappedDimension, headers: Headers): unknown {
  for (const reference of references) {
    const value =
      "header" in reference
        ? headerText(headers, reference.header)
        : reference.from.values[reference.slot];
    if (value === undefined || value === "") continue;
    return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  }
  return undefined;
}
