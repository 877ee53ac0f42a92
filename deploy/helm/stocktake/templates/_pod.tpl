{{/* What all pods share: (dict "root" $ "account" NAME), the name of the service account. */}}
{{- define "stocktake.pod" -}}
{{- with .root -}}
serviceAccountName: {{ $.account }}
# The Kubernetes API is never called. What Entra trusts is a token for Entra alone, in `secrets`.
automountServiceAccountToken: false
# A service named stocktake would set STOCKTAKE_PORT and others, which are taken for configuration.
enableServiceLinks: false
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.dnsPolicy }}
dnsPolicy: {{ . }}
{{- end }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* A container that runs the program: (dict "root" $ "name" … "arguments" (list …)). */}}
{{- define "stocktake.container" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
name: {{ .name }}
image: {{ include "stocktake.image" $root }}
imagePullPolicy: {{ $values.image.pullPolicy }}
args:
  - --config=/etc/stocktake/stocktake.toml
  {{- toYaml .arguments | nindent 2 }}
env:
  # Two releases of one name are told apart by it where their telemetry is pushed to.
  - name: OTEL_RESOURCE_ATTRIBUTES
    value: {{ printf "k8s.namespace.name=%s" $root.Release.Namespace | quote }}
  {{- with $values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml $values.resources | nindent 2 }}
securityContext:
  {{- toYaml $values.securityContext | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/stocktake
    readOnly: true
  {{- if (include "stocktake.projected" $root) }}
  - name: secrets
    mountPath: /run/secrets/stocktake
    readOnly: true
  {{- end }}
  - name: state
    mountPath: /var/lib/stocktake
  - name: temporary
    mountPath: /tmp
  {{- with $values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* The volumes of all, but for the state: (dict "root" $ "config" NAME), the name of the ConfigMap. */}}
{{- define "stocktake.volumes" -}}
- name: config
  configMap:
    name: {{ .config }}
{{- with (include "stocktake.projected" .root) }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- . | nindent 6 }}
{{- end }}
- name: temporary
  emptyDir: {}
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The sources of the volume of secrets; empty where there are none. */}}
{{- define "stocktake.projected" -}}
{{- $plan := include "stocktake.plan" . | fromJson -}}
{{- $sources := $plan.secrets -}}
{{- if $plan.token -}}
  {{- $identity := .Values.workloadIdentity -}}
  {{- $sources = append $sources (dict "serviceAccountToken" (dict "audience" $identity.audience "expirationSeconds" (int $identity.expirationSeconds) "path" "token")) -}}
{{- end -}}
{{- with $sources }}{{ toYaml . }}{{ end -}}
{{- end }}

{{/* Seconds that the pod has to end. After `shutdown.grace` telemetry is still pushed and state closed,
for which fifteen are kept. */}}
{{- define "stocktake.gracePeriod" -}}
{{- $given := int64 .Values.terminationGracePeriodSeconds -}}
{{- $grace := dig "grace" "25s" (.Values.shutdown | default dict) -}}
{{- $least := 15 -}}
{{- range regexFindAll "[0-9]+ *[A-Za-z]+" $grace -1 -}}
  {{- $unit := regexFind "[A-Za-z]+$" . -}}
  {{- $seconds := 0 -}}
  {{- if hasPrefix "s" $unit }}{{ $seconds = 1 -}}
  {{- else if or (eq $unit "m") (hasPrefix "min" $unit) }}{{ $seconds = 60 -}}
  {{- else if hasPrefix "h" $unit }}{{ $seconds = 3600 -}}
  {{- else if hasPrefix "d" $unit }}{{ $seconds = 86400 }}{{ end -}}
  {{- $least = add $least (mul $seconds (regexFind "^[0-9]+" . | int64)) -}}
{{- end -}}
{{- if lt $given $least -}}
  {{- fail (printf "terminationGracePeriodSeconds: is %d, which is too short for shutdown.grace of %s: at least %d are needed" $given $grace $least) -}}
{{- end -}}
{{- $given -}}
{{- end }}
