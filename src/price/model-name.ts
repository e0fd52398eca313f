/**
 * The names under which a price book may know a model, most exact first: `provider/model`, the model alone, then both without
 * region prefix, vendor prefix, version and date suffix. Nothing is ever matched by a part of its name: `gpt-5-mini` is not `gpt-5`.
 */
export function modelNameForms(provider: string, model: string): string[] {
  const forms = [`${provider}/${model}`, model];
  const plain = plainName(model);
  if (plain !== model) forms.push(`${provider}/${plain}`, plain);
  const undated = withoutDate(plain);
  if (undated !== plain) forms.push(`${provider}/${undated}`, undated);
  return forms;
}

const LONGEST = 256;

/** `eu.anthropic.claude-opus-4-5-20251101-v1:0` → `claude-opus-4-5-20251101`; `models/gemini-2.5-pro` → `gemini-2.5-pro`. */
function plainName(model: string): string {
  if (model.length > LONGEST) return model;
  return model
    .toLowerCase()
    .replace(/^.*\//, "")
    .replace(/^(us|eu|apac|jp|au|global|us-gov)\./, "")
    .replace(/^(anthropic|openai|google|amazon|meta|mistral)\./, "")
    .replace(/-v\d+(:\d+)?$/, "");
}

/** Without `-20250929`, `@20250929`, `-2025-08-07` or `-latest` at the end. */
function withoutDate(name: string): string {
  return name.replace(/(?:[-@]20\d{6}|-20\d{2}-\d{2}-\d{2}|[-@]latest|@default)$/, "");
}
