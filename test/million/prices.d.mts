export const LONG_PROMPT: number;
export function priceBookYaml(startMs: number): string;
