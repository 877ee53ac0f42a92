{{/*
What stocktake.toml, the volume of secrets and the NetworkPolicy stand on, as JSON:
`config` holds the tables, `secrets` the sources of the projected volume, `token` says whether a
service account token is needed, `imds` whether Azure's metadata service is.
*/}}
{{- define "stocktake.plan" -}}
{{- $folder := "/run/secrets/stocktake" -}}
{{- $values := .Values -}}
{{- $tenants := dict -}}
{{- $credentials := dict -}}
{{- $sinks := dict -}}
{{- $secrets := list -}}
{{- $token := false -}}
{{- $imds := false -}}
{{- if not $values.tenants }}{{ fail "tenants: is empty; add at least one tenant, for example tenants.contoso with tenant_id, app_id and existingSecret.name" }}{{ end -}}
{{- if not $values.sinks }}{{ fail "sinks: is empty; add at least one sink, for example sinks.soc with type: sekoia, connector_uuid and existingSecret.name" }}{{ end -}}
{{- range $section := list "tenants" "credentials" "sinks" -}}
  {{- range $name := keys (get $values $section) -}}
    {{- if or (not (regexMatch "^[A-Za-z0-9][A-Za-z0-9._-]*$" $name)) (contains ".." $name) (gt (len $name) 128) -}}
      {{- fail (printf "%s: the name %q will not do; it may have up to 128 letters, digits, dots, hyphens and underscores, and starts with a letter or digit" $section $name) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $proxy := dig "proxy" "" ($values.http | default dict) -}}
{{- include "stocktake.plan.url" (dict "key" "http.proxy" "url" $proxy "instead" "; mount the password as a file for http.proxy_password_file") -}}
{{- if and $proxy (not (regexMatch "(?i)^https?://" $proxy)) -}}
  {{- fail "http.proxy: does not start with http:// or https://" -}}
{{- end -}}
{{- range $endpoint := list "otlp_endpoint" "otlp_metrics_endpoint" "otlp_traces_endpoint" -}}
  {{- include "stocktake.plan.url" (dict "key" (printf "telemetry.%s" $endpoint) "url" (dig $endpoint "" ($values.telemetry | default dict))) -}}
{{- end -}}
{{- range $section := list "tenants" "sinks" -}}
  {{- range $name, $given := get $values $section -}}
    {{- range $url := list "base_url" "login_url" "graph_url" -}}
      {{- include "stocktake.plan.url" (dict "key" (printf "%s.%s.%s" $section $name $url) "url" (dig $url "" $given)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- range $name, $given := $values.credentials -}}
  {{- $key := printf "credentials.%s" $name -}}
  {{- $table := omit $given "existingSecret" -}}
  {{- $kind := $given.type -}}
  {{- with $given.existingSecret -}}
    {{- if not (has $kind (list "app_secret" "certificate")) -}}
      {{- fail (printf "%s.existingSecret: a credential of type %s has no secret; remove it" $key $kind) -}}
    {{- end -}}
    {{- $place := printf "credentials/%s" $name -}}
    {{- if and (eq $kind "certificate") (not .certificateKey) -}}
      {{- fail (printf "%s.existingSecret.certificateKey: is missing; name the secret's key that holds the certificate, for example tls.crt" $key) -}}
    {{- end -}}
    {{- if and (eq $kind "app_secret") .certificateKey -}}
      {{- fail (printf "%s.existingSecret.certificateKey: does not go with type: app_secret; set appSecretKey, or type: certificate" $key) -}}
    {{- end -}}
    {{- $mounted := include "stocktake.plan.secret" (dict "key" $key "secret" . "place" $place "folder" $folder) | fromJson -}}
    {{- $table = merge $table $mounted.files -}}
    {{- $secrets = append $secrets $mounted.source -}}
  {{- else -}}
    {{- if and (eq $kind "app_secret") (not $given.app_secret_file) -}}
      {{- fail (printf "%s.existingSecret: is missing; name the Secret that holds the app secret" $key) -}}
    {{- end -}}
    {{- if and (eq $kind "certificate") (not $given.certificate_file) -}}
      {{- fail (printf "%s.existingSecret: is missing; name the Secret that holds the certificate" $key) -}}
    {{- end -}}
  {{- end -}}
  {{- if and (eq $kind "workload_identity") (not $given.token_file) -}}
    {{- $token = true -}}
    {{- $table = set $table "token_file" (printf "%s/token" $folder) -}}
  {{- end -}}
  {{- if eq $kind "managed_identity" }}{{ $imds = true }}{{ end -}}
  {{- $credentials = set $credentials $name $table -}}
{{- end -}}

{{- range $name, $given := $values.tenants -}}
  {{- $key := printf "tenants.%s" $name -}}
  {{- $table := omit $given "existingSecret" "workloadIdentity" "certificate" -}}
  {{- $ways := list -}}
  {{- range $way := list "existingSecret" "workloadIdentity" "credential" "app_secret_file" -}}
    {{- if hasKey $given $way }}{{ $ways = append $ways $way }}{{ end -}}
  {{- end -}}
  {{- if ne (len $ways) 1 -}}
    {{- fail (printf "%s: has %s; it needs exactly one of existingSecret, workloadIdentity, credential and app_secret_file" $key (join " and " $ways | default "no credential")) -}}
  {{- end -}}
  {{- $own := printf "tenant-%s" $name -}}
  {{- if hasKey $values.credentials $own -}}
    {{- fail (printf "credentials.%s: this name is kept for tenant %s; choose another one" $own $name) -}}
  {{- end -}}
  {{- if and (hasKey $given "credential") (not (hasKey $values.credentials $given.credential)) -}}
    {{- fail (printf "%s.credential: there is no credentials.%s; known are %s" $key $given.credential (keys $values.credentials | sortAlpha | join ", " | default "none")) -}}
  {{- end -}}
  {{- range $sink := $given.sinks -}}
    {{- if not (hasKey $values.sinks $sink) -}}
      {{- fail (printf "%s.sinks: there is no sinks.%s; known are %s" $key $sink (keys $values.sinks | sortAlpha | join ", ")) -}}
    {{- end -}}
  {{- end -}}
  {{- if and (hasKey $given "certificate") (not (dig "existingSecret" "certificateKey" "" $given)) -}}
    {{- fail (printf "%s.certificate: goes with existingSecret.certificateKey, which is not set" $key) -}}
  {{- end -}}
  {{- if hasKey $given "existingSecret" -}}
    {{- if not $given.app_id -}}
      {{- fail (printf "%s.app_id: is missing; copy the application (client) id from the app registration's overview" $key) -}}
    {{- end -}}
    {{- $mounted := include "stocktake.plan.secret" (dict "key" $key "secret" $given.existingSecret "place" (printf "tenants/%s" $name) "folder" $folder) | fromJson -}}
    {{- $secrets = append $secrets $mounted.source -}}
    {{- if $given.existingSecret.certificateKey -}}
      {{- $credential := merge (dict "type" "certificate" "app_id" $given.app_id) $mounted.files ($given.certificate | default dict) -}}
      {{- $credentials = set $credentials $own $credential -}}
      {{- $table = set (omit $table "app_id") "credential" $own -}}
    {{- else -}}
      {{- $table = merge $table $mounted.files -}}
    {{- end -}}
  {{- else if hasKey $given "workloadIdentity" -}}
    {{- $identity := $given.workloadIdentity | default dict -}}
    {{- if not $given.app_id -}}
      {{- fail (printf "%s.app_id: is missing; copy the application (client) id from the app registration's overview" $key) -}}
    {{- end -}}
    {{- if not $identity.token_file }}{{ $token = true }}{{ end -}}
    {{- $credentials = set $credentials $own (dict "type" "workload_identity" "app_id" $given.app_id "token_file" (default (printf "%s/token" $folder) $identity.token_file)) -}}
    {{- $table = set (omit $table "app_id") "credential" $own -}}
  {{- end -}}
  {{- $tenants = set $tenants $name $table -}}
{{- end -}}

{{- range $name, $given := $values.sinks -}}
  {{- $key := printf "sinks.%s" $name -}}
  {{- $table := omit $given "existingSecret" -}}
  {{- with $given.existingSecret -}}
    {{- $mounted := include "stocktake.plan.sinkSecret" (dict "key" $key "secret" . "place" (printf "sinks/%s" $name) "folder" $folder) | fromJson -}}
    {{- $secrets = append $secrets $mounted.source -}}
    {{- $table = merge $table $mounted.files -}}
    {{- with $mounted.tls }}{{ $table = set $table "tls" (merge (dict) ($table.tls | default dict) .) }}{{ end -}}
  {{- else -}}
    {{- if and (eq $given.type "sekoia") (not $given.api_key_file) -}}
      {{- fail (printf "%s.existingSecret: is missing; name the Secret that holds the API key" $key) -}}
    {{- end -}}
  {{- end -}}
  {{- $sinks = set $sinks $name $table -}}
{{- end -}}

{{- $config := dict "tenants" $tenants "credentials" $credentials "sinks" $sinks -}}
{{- $config = set $config "state" (dict "path" (include "stocktake.statePath" .)) -}}
{{- range $section := list "collection" "enrichment" "http" "log" "shutdown" "server" "telemetry" -}}
  {{- $given := get $values $section | default dict -}}
  {{- $table := omit $given "existingSecret" -}}
  {{- with $given.existingSecret -}}
    {{- $wanted := dict "proxy_password_file" .proxyPasswordKey "extra_ca_file" .extraCaKey -}}
    {{- if eq $section "telemetry" -}}
      {{- $wanted = dict "otlp_headers_file" (.headersKey | default "otlp-headers") -}}
    {{- end -}}
    {{- $mounted := include "stocktake.plan.mount" (dict "name" .name "wanted" $wanted "place" $section "folder" $folder) | fromJson -}}
    {{- $table = merge $table $mounted.files -}}
    {{- $secrets = append $secrets $mounted.source -}}
  {{- end -}}
  {{- $config = set $config $section $table -}}
{{- end -}}
{{- dict "config" $config "secrets" $secrets "token" $token "imds" $imds | toJson -}}
{{- end }}

{{/* Refuses a URL with a password. Not in the schema, whose error would show it; nor by the parts of the
URL, as what one reader takes for a path is a password for another. */}}
{{- define "stocktake.plan.url" -}}
{{- if regexMatch ":.*@" (regexReplaceAll "(?i)^https?:" (.url | default "") "") -}}
  {{- fail (printf "%s: holds a password, which would be readable in the ConfigMap; keep the user alone in it%s" .key (.instead | default "")) -}}
{{- end -}}
{{- end }}

{{/* How the Secret of a tenant or credential is mounted: `files` for its table, `source` for the volume. */}}
{{- define "stocktake.plan.secret" -}}
{{- $secret := .secret -}}
{{- if and $secret.appSecretKey $secret.certificateKey -}}
  {{- fail (printf "%s.existingSecret: has appSecretKey and certificateKey; keep one of them" .key) -}}
{{- end -}}
{{- if and (or $secret.privateKeyKey $secret.passwordKey) (not $secret.certificateKey) -}}
  {{- fail (printf "%s.existingSecret.certificateKey: is missing; it goes with privateKeyKey and passwordKey" .key) -}}
{{- end -}}
{{- $wanted := dict -}}
{{- if $secret.certificateKey -}}
  {{- $wanted = dict "certificate_file" $secret.certificateKey "private_key_file" $secret.privateKeyKey "password_file" $secret.passwordKey -}}
{{- else -}}
  {{- $wanted = dict "app_secret_file" ($secret.appSecretKey | default "app-secret") -}}
{{- end -}}
{{- include "stocktake.plan.mount" (dict "name" $secret.name "wanted" $wanted "place" .place "folder" .folder) -}}
{{- end }}

{{- define "stocktake.plan.sinkSecret" -}}
{{- $secret := .secret -}}
{{- $key := $secret.apiKeyKey | default "api-key" -}}
{{- $api := include "stocktake.plan.mount" (dict "name" $secret.name "wanted" (dict "api_key_file" $key) "place" .place "folder" .folder) | fromJson -}}
{{- $wanted := dict "extra_ca_file" $secret.extraCaKey "client_certificate_file" $secret.clientCertificateKey "client_key_file" $secret.clientKeyKey -}}
{{- $tls := include "stocktake.plan.mount" (dict "name" $secret.name "wanted" $wanted "place" .place "folder" .folder) | fromJson -}}
{{- $items := concat $api.source.secret.items $tls.source.secret.items -}}
{{- dict "files" $api.files "tls" $tls.files "source" (dict "secret" (dict "name" $secret.name "items" $items "optional" true)) | toJson -}}
{{- end }}

{{/* Optional, each: the pod of many tenants must not wait for the Secret of one. */}}
{{- define "stocktake.plan.mount" -}}
{{- $files := dict -}}
{{- $items := list -}}
{{- $place := .place -}}
{{- $folder := .folder -}}
{{- range $file, $key := .wanted -}}
  {{- if $key -}}
    {{- /* The program tells a PFX by the ending of its name. */ -}}
    {{- $ending := ternary (ext $key) "" (has (lower (ext $key)) (list ".pfx" ".p12")) -}}
    {{- $path := printf "%s/%s%s" $place (trimSuffix "_file" $file) $ending -}}
    {{- $files = set $files $file (printf "%s/%s" $folder $path) -}}
    {{- $items = append $items (dict "key" $key "path" $path) -}}
  {{- end -}}
{{- end -}}
{{- dict "files" $files "source" (dict "secret" (dict "name" .name "items" $items "optional" true)) | toJson -}}
{{- end }}

{{/* stocktake.toml itself. */}}
{{- define "stocktake.config" -}}
{{- $config := (include "stocktake.plan" . | fromJson).config -}}
# Rendered by the chart; change the values instead. Secrets are in files only.
{{- range $section := list "collection" "enrichment" "http" "log" "server" "shutdown" "state" "telemetry" }}
{{- include "stocktake.toml.table" (dict "path" $section "table" (get $config $section)) }}
{{- end }}
{{- range $section := list "credentials" "tenants" "sinks" }}
{{- range $name, $table := get $config $section }}
{{- include "stocktake.toml.table" (dict "path" (printf "%s.%s" $section (include "stocktake.toml.key" $name)) "table" $table) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Ports that the configured URLs need besides 443, as a JSON list. */}}
{{- define "stocktake.egressPorts" -}}
{{- $telemetry := .Values.telemetry | default dict -}}
{{- $urls := list (dig "proxy" "" (.Values.http | default dict)) -}}
{{- $urls = concat $urls (list $telemetry.otlp_endpoint $telemetry.otlp_metrics_endpoint $telemetry.otlp_traces_endpoint) -}}
{{- range concat (values .Values.tenants) (values .Values.sinks) -}}
  {{- $urls = concat $urls (list (dig "base_url" "" .) (dig "login_url" "" .) (dig "graph_url" "" .)) -}}
{{- end -}}
{{- $ports := list -}}
{{- range $url := $urls | compact -}}
  {{- $url = lower $url -}}
  {{- $port := regexFind ":[0-9]+$" (urlParse $url).host | trimPrefix ":" -}}
  {{- if not $port }}{{ $port = ternary "80" "443" (hasPrefix "http:" $url) }}{{ end -}}
  {{- if ne $port "443" }}{{ $ports = append $ports (int $port) }}{{ end -}}
{{- end -}}
{{- uniq $ports | sortAlpha | toJson -}}
{{- end }}
