# One image for every service of compose.yaml; the command says which one it is.
FROM python:3.11-slim

WORKDIR /opt/cauce
RUN useradd --system --create-home --home-dir /var/lib/cauce cauce
COPY requirements.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY schemas schemas
COPY eventstore eventstore
COPY channels channels
COPY projections projections
COPY services services
COPY docs/examples docs/examples
RUN pip install --no-cache-dir --no-deps --no-build-isolation --config-settings editable_mode=compat -e .

USER cauce
ENV CAUCE_DATA=/var/lib/cauce
VOLUME /var/lib/cauce
ENTRYPOINT ["cauce"]
CMD ["up"]
