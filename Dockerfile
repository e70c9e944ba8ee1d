# One image for web, workers and the release command; what runs is chosen as in the Procfile (compose.yaml does so).
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1
WORKDIR /app

COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.lock

COPY pyproject.toml ./
COPY api api
COPY cli cli
COPY config config
COPY dispatch dispatch
COPY embedded embedded
COPY jobs jobs
COPY migrations migrations
COPY models models
COPY scheduling scheduling
COPY sweeper sweeper

RUN useradd --create-home campaigns
USER campaigns

EXPOSE 8000
CMD ["python", "-m", "gunicorn", "--config", "config/gunicorn.py", "api:create_app()"]
