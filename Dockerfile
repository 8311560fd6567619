# The service, as a user without rights. scripts/container runs these steps where there is no container engine.
#   docker build -t suppress .      another Python: --build-arg PYTHON=3.11
ARG PYTHON=3.12

# durable-rules comes as C source only: it is built here, and the compiler stays behind.
FROM python:${PYTHON}-slim AS build
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends gcc libc6-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
# Versions and hashes are those of the lock file, and so is uv's.
RUN python3 -m venv /opt/suppress \
  && sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.lock \
  && /opt/suppress/bin/python -m pip install --quiet --no-cache-dir --require-hashes --requirement uv.lock
RUN /opt/suppress/bin/python -m uv pip install --quiet --no-cache --python /opt/suppress/bin/python \
  --constraint requirements.lock --requirement pyproject.toml --extra service --extra postgres --extra scan
COPY suppress ./suppress
RUN /opt/suppress/bin/python -m uv pip install --quiet --no-cache --python /opt/suppress/bin/python \
  --build-constraint requirements.lock --no-deps . \
  && /opt/suppress/bin/python -m pip uninstall --quiet --yes uv \
  && /opt/suppress/bin/suppress --version \
  && /opt/suppress/bin/python -c 'import durable_rules_engine, fastapi, psycopg, duckdb'

FROM python:${PYTHON}-slim
# What it writes is in one place: the log of decisions, its key, and the database where none is named.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin suppress \
  && install --directory --owner suppress --group suppress --mode 0700 /var/lib/suppress
COPY --from=build /opt/suppress /opt/suppress
WORKDIR /srv/suppress
COPY rulesets ./rulesets
ENV PATH=/opt/suppress/bin:$PATH \
  PYTHONUNBUFFERED=1 \
  SUPPRESS_DATABASE=sqlite:////var/lib/suppress/suppress.db \
  SUPPRESS_LOG_DIR=/var/lib/suppress/decisions
USER 10001
VOLUME /var/lib/suppress
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["suppress", "doctor", "--live"]
ENTRYPOINT ["suppress"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080", "--workers", "2"]
