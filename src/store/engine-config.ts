import { createHash } from "node:crypto";

/** Database of the embedded engine. */
export const DATABASE = "spikewatch";
export const WRITER = "writer";
/** Analysts' user: SELECT on our database and nothing else, without a password from this machine. */
export const READER = "reader";

const MB = 1024 * 1024;
/** What the session inside the child runs: make the database, listen, and stay. */
const BOOT = [
  `CREATE DATABASE IF NOT EXISTS ${DATABASE} ENGINE = Atomic`,
  "SYSTEM START LISTEN HTTP",
  "SELECT sleepEachRow(3) FROM system.numbers FORMAT Null SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0",
];

/** Arguments of the engine. No secret is among them: the process list shows them. */
export function engineArguments(options: {
  dataPath: string;
  configPath: string;
  port: number;
}): string[] {
  return [
    "clickhouse",
    `--path=${options.dataPath}`,
    `--http_port=${options.port}`,
    "--listen_host=127.0.0.1",
    `--config-file=${options.configPath}`,
    `--query=${BOOT.join("; ")}`,
  ];
}

/**
 * config.xml. `instance` lets us tell our engine from a stranger on the same port before we send it a password. Requests whose Host is not this
 * machine are refused, so that a web page cannot reach the reader through a name of its own (DNS rebinding).
 */
export function configXml(options: { usersPath: string; instance: string }): string {
  return `<clickhouse>
  <users_config>${escapeXml(options.usersPath)}</users_config>
  <timezone>UTC</timezone>
  <macros><instance>${escapeXml(options.instance)}</instance></macros>
  <access_control_improvements>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
    <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
  </access_control_improvements>
  <max_server_memory_usage>${900 * MB}</max_server_memory_usage>
  <mark_cache_size>${32 * MB}</mark_cache_size>
  <index_mark_cache_size>${8 * MB}</index_mark_cache_size>
  <primary_index_cache_size>${32 * MB}</primary_index_cache_size>
  <compiled_expression_cache_size>${8 * MB}</compiled_expression_cache_size>
  <max_concurrent_queries>64</max_concurrent_queries>
  <keep_alive_timeout>30</keep_alive_timeout>
  <send_crash_reports><enabled>false</enabled></send_crash_reports>
  <http_handlers>
    <rule>
      <url>/ping</url>
      <methods>GET,HEAD</methods>
      <handler><type>static</type><status>200</status><response_content>Ok.&#10;</response_content></handler>
    </rule>
    <rule>
      <headers><Host><![CDATA[regex:^(127\\.0\\.0\\.1|localhost|\\[::1\\])(:[0-9]+)?$]]></Host></headers>
      <handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler>
    </rule>
  </http_handlers>
</clickhouse>
`;
}

/**
 * users.xml. `default` is the session inside the child, which must have no password: its quota ends with the boot statements, so that nobody can
 * use it over HTTP. Readers may lower their limits, never raise them.
 */
export function usersXml(writerPassword: string): string {
  const hash = createHash("sha256").update(writerPassword).digest("hex");
  return `<clickhouse>
${PROFILES}
${users(hash)}
</clickhouse>
`;
}

const SPILL = `<max_bytes_before_external_group_by>${128 * MB}</max_bytes_before_external_group_by>
      <max_bytes_before_external_sort>${128 * MB}</max_bytes_before_external_sort>`;
const PROFILES = `  <profiles>
    <default>
      <max_memory_usage>${64 * MB}</max_memory_usage>
      <max_threads>1</max_threads>
      <constraints>
        <max_memory_usage><readonly/></max_memory_usage>
        <max_threads><readonly/></max_threads>
      </constraints>
    </default>
    <writer>
      <max_memory_usage>${700 * MB}</max_memory_usage>
      ${SPILL}
    </writer>
    <reader>
      <readonly>2</readonly>
      <max_execution_time>60</max_execution_time>
      <max_memory_usage>${400 * MB}</max_memory_usage>
      <max_result_rows>20000000</max_result_rows>
      <max_result_bytes>${4096 * MB}</max_result_bytes>
      <max_concurrent_queries_for_user>16</max_concurrent_queries_for_user>
      ${SPILL}
      <constraints>
        <max_execution_time><min>1</min><max>600</max></max_execution_time>
        <max_memory_usage><min>1</min><max>${400 * MB}</max></max_memory_usage>
        <max_result_rows><min>1</min><max>20000000</max></max_result_rows>
        <max_result_bytes><min>1</min><max>${4096 * MB}</max></max_result_bytes>
        <max_concurrent_queries_for_user><readonly/></max_concurrent_queries_for_user>
        <add_http_cors_header><readonly/></add_http_cors_header>
      </constraints>
    </reader>
  </profiles>
  <quotas>
    <default></default>
    <boot><interval><duration>31536000</duration><queries>${BOOT.length}</queries></interval></boot>
  </quotas>`;

function users(writerHash: string): string {
  const local = "<networks><ip>127.0.0.1</ip><ip>::1</ip></networks>";
  return `  <users>
    <default>
      <password></password>${local}<profile>default</profile><quota>boot</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT SELECT ON system.numbers</query>
        <query>GRANT CREATE DATABASE ON ${DATABASE}.*</query>
        <query>GRANT TABLE ENGINE ON Atomic</query>
      </grants>
    </default>
    <${WRITER}>
      <password_sha256_hex>${writerHash}</password_sha256_hex>${local}<profile>writer</profile><quota>default</quota>
      <default_database>${DATABASE}</default_database>
      <grants>
        <query>GRANT ALL ON ${DATABASE}.*</query>
        <query>GRANT TABLE ENGINE ON *</query>
        <query>GRANT SELECT ON system.processes</query>
        <query>GRANT SELECT ON system.parts</query>
        <query>GRANT SELECT ON system.mutations</query>
      </grants>
    </${WRITER}>
    <${READER}>
      <no_password/>${local}<profile>reader</profile><quota>default</quota>
      <default_database>${DATABASE}</default_database>
      <grants>
        <query>GRANT SELECT ON ${DATABASE}.*</query>
      </grants>
    </${READER}>
  </users>`;
}

/**
 * The engine's scalar function `file` reads any file of the machine and asks for no right. A function of ours with its name, loaded from the
 * data directory at start, hides it from every user; `EmbeddedEngine` checks at each start that it does.
 */
export const NO_FILE_FUNCTION = {
  path: "user_defined/function_file.sql",
  text: "CREATE FUNCTION file AS (path) -> toString(throwIf(1, 'reading files is switched off'))\n",
} as const;

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
