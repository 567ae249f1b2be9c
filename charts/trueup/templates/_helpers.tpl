{{/* Name of the chart, at most 63 characters (a DNS label). */}}
{{- define "trueup.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Name of the release's objects: the release, and the chart's name where the release does not carry it. */}}
{{- define "trueup.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "trueup.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "trueup.selectorLabels" -}}
app.kubernetes.io/name: {{ include "trueup.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "trueup.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "trueup.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: controller
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "trueup.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "trueup.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "trueup.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* The keys of the Secret that are mounted, as a YAML list of volume items; the paths are file names below. */}}
{{- define "trueup.secretItems" -}}
{{- with .Values.secret.keys.serverToken }}
- { key: {{ . | quote }}, path: server-token }
{{- end }}
{{- $forge := dig "forge" "type" "local" .Values.config }}
{{- $app := and (eq $forge "github") .Values.secret.keys.appPrivateKey }}
{{- if $app }}
- { key: {{ $app | quote }}, path: app-private-key }
{{- else if and .Values.secret.keys.forgeToken (ne $forge "local") }}
- { key: {{ .Values.secret.keys.forgeToken | quote }}, path: forge-token }
{{- end }}
{{- with .Values.secret.keys.webhookSecret }}
- { key: {{ . | quote }}, path: webhook-secret }
{{- end }}
{{- with .Values.secret.keys.vaultPassword }}
- { key: {{ . | quote }}, path: vault-password }
{{- end }}
{{- end }}

{{/* trueup.yaml: the values' `config`, pointed at the files of the Secret. What the values say themselves wins. */}}
{{- define "trueup.config" -}}
{{- $_ := required "config.plan.url is needed: the git repository that holds the plan" (dig "plan" "url" "" .Values.config) }}
{{- $config := deepCopy .Values.config }}
{{- if .Values.secret.existingSecret }}
{{- $secrets := "/etc/trueup/secrets" }}
{{- $files := dict }}
{{- range $item := include "trueup.secretItems" . | fromYamlArray }}
{{- $_ := set $files $item.path (printf "%s/%s" $secrets $item.path) }}
{{- end }}
{{- with index $files "server-token" }}
{{- $config = mergeOverwrite (dict "server" (dict "tokenFile" .)) $config }}
{{- end }}
{{- $type := dig "forge" "type" "local" .Values.config }}
{{- with index $files "forge-token" }}
{{- $config = mergeOverwrite (dict "forge" (dict $type (dict "tokenFile" .))) $config }}
{{- end }}
{{- with index $files "app-private-key" }}
{{- $config = mergeOverwrite (dict "forge" (dict "github" (dict "app" (dict "privateKeyFile" .)))) $config }}
{{- end }}
{{- with index $files "webhook-secret" }}
{{- $hooks := eq $type "gitea" | ternary "gitea" "github" }}
{{- $config = mergeOverwrite (dict "forge" (dict $hooks (dict "webhookSecretFile" .))) $config }}
{{- end }}
{{- with index $files "vault-password" }}
{{- $config = mergeOverwrite (dict "runner" (dict "vaultPasswordFile" .)) $config }}
{{- end }}
{{- end }}
{{- toYaml $config }}
{{- end }}
