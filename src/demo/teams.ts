import type { KindName } from "./kinds.ts";

/** One team of the company: who they are, how many, and how fast their use grows. */
export interface Team {
  readonly name: string;
  readonly department: string;
  readonly kind: KindName;
  readonly size: number;
  /** Growth of use a week, 0.01 is one per cent. */
  readonly weeklyGrowth: number;
}

function team(department: string, name: string, kind: KindName, size: number, growth = 1): Team {
  return { name, department, kind, size, weeklyGrowth: growth / 100 };
}

/** A made-up retailer of middle size. */
export const TEAMS: readonly Team[] = [
  team("engineering", "payments", "backend", 26, 1.2),
  team("engineering", "checkout", "backend", 24, 0.8),
  team("engineering", "search", "backend", 25, 1.5),
  team("engineering", "mobile-apps", "mobile", 27, 1),
  team("engineering", "web-shop", "mobile", 24, 1.4),
  team("engineering", "platform", "platform", 22, 0.6),
  team("engineering", "security", "security", 18, 1),
  team("data", "data-science", "dataScience", 24, 1.6),
  team("data", "data-platform", "platform", 20, 0.9),
  team("data", "research", "research", 18, 2),
  team("product", "product-management", "product", 22, 1.2),
  team("customer", "support-desk", "support", 30, 0.7),
  team("customer", "support-automation", "platform", 12, 1.5),
  team("growth", "marketing", "marketing", 28, 1.1),
  team("growth", "sales-operations", "sales", 24, 0.9),
  team("corporate", "finance", "finance", 20, 0.5),
  team("corporate", "legal", "legal", 12, 0.8),
];
