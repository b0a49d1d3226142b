"""The SDKs of language models: which methods of which classes send a prompt or a text.

Read in the SDKs' sources, from the oldest release of ``sst-otel doctor``'s list to the newest. What
only reads, lists or deletes is left out: it is seen as the HTTP call it is.
"""

from __future__ import annotations

from sst_otel.sinks.litellm import LITELLM
from sst_otel.sinks.llm_rows import Sdk, managers, rows

_COMPATIBLE = """
chat.completions:Completions
    chat chat.completions. create parse stream
chat.completions.completions:Completions
    chat chat.completions. create parse stream
embeddings:Embeddings
    embeddings embeddings. create
audio.speech:Speech
    - audio.speech. create
audio.transcriptions:Transcriptions
    - audio.transcriptions. create
audio.translations:Translations
    - audio.translations. create
batches:Batches
    - batches. create
files:Files
    - files. create
"""
"""What the SDKs have in common that speak OpenAI's interface."""

_OPENAI = """
responses.responses:Responses
    chat responses. create parse stream compact
responses.input_tokens:InputTokens
    - responses.input_tokens. count
beta.responses.responses:Responses
    chat beta.responses. create compact
beta.chat.completions:Completions
    chat chat.completions. parse stream
completions:Completions
    text_completion completions. create
moderations:Moderations
    - moderations. create
decisions:Decisions
    - decisions. create
images:Images
    - images. generate edit create_variation
videos:Videos
    - videos. create remix edit extend
conversations.conversations:Conversations
    - conversations. create update
conversations.items:Items
    - conversations.items. create
beta.assistants:Assistants
    - beta.assistants. create update
beta.threads.threads:Threads
    - beta.threads. create update
    chat beta.threads. create_and_run create_and_run_poll create_and_run_stream
beta.threads.messages:Messages
    - beta.threads.messages. create update
beta.threads.runs.runs:Runs
    chat beta.threads.runs. create create_and_poll create_and_stream stream submit_tool_outputs
    chat beta.threads.runs. submit_tool_outputs_and_poll submit_tool_outputs_stream
beta.responses.input_tokens:InputTokens
    - beta.responses.input_tokens. count
beta.agents.agents:Agents
    - beta.agents. create update
beta.agents.sessions.sessions:Sessions
    chat beta.agents.sessions. create
beta.agents.sessions.events:Events
    chat beta.agents.sessions.events. create
uploads.parts:Parts
    - uploads.parts. create
containers.files.files:Files
    - containers.files. create
vector_stores.vector_stores:VectorStores
    - vector_stores. create update search
vector_stores.files:Files
    - vector_stores.files. create upload
"""

_ANTHROPIC = """
resources.messages:Messages
    chat messages. create stream count_tokens
resources.messages.messages:Messages
    chat messages. create stream parse count_tokens
resources.messages.batches:Batches
    - messages.batches. create
resources.completions:Completions
    text_completion completions. create
resources.files:Files
    - files. upload
resources.beta.files:Files
    - beta.files. upload
resources.beta.messages.messages:Messages
    chat beta.messages. create stream parse count_tokens
resources.beta.messages.batches:Batches
    - beta.messages.batches. create
resources.beta.agents.agents:Agents
    - beta.agents. create update
resources.beta.memory_stores.memories:Memories
    - beta.memory_stores.memories. create update
resources.beta.user_profiles.user_profiles:UserProfiles
    - beta.user_profiles. create update
resources.user_profiles.user_profiles:UserProfiles
    - user_profiles. create update
resources.beta.sessions.sessions:Sessions
    - beta.sessions. create update
resources.beta.sessions.events:Events
    chat beta.sessions.events. send
lib.bedrock._beta_messages:Messages
    chat beta.messages. create stream parse
lib.vertex._beta_messages:Messages
    chat beta.messages. create stream parse count_tokens
"""

_GOOGLE = """
models:Models
    generate_content models. _generate_content _generate_content_stream
    embeddings models. embed_content
    - models. count_tokens compute_tokens generate_images edit_image generate_videos
caches:Caches
    - caches. create update
batches:Batches
    - batches. create create_embeddings
_gaos.google_genai:GeminiNextGenInteractions
    chat interactions. create
"""
"""The inner methods: the outer ones call the application's functions for the model in between."""

_MISTRAL_CHAT = """
chat:Chat
    chat chat. complete stream parse parse_stream
"""
_MISTRAL = f"""{_MISTRAL_CHAT}
agents:Agents
    chat agents. complete stream
fim:Fim
    text_completion fim. complete stream
embeddings:Embeddings
    embeddings embeddings. create
classifiers:Classifiers
    - classifiers. moderate moderate_chat classify classify_chat
conversations:Conversations
    chat conversations. start start_stream append append_stream restart restart_stream
responses:Responses
    chat responses. create count_input_tokens
ocr:Ocr
    - ocr. process
transcriptions:Transcriptions
    - transcriptions. complete stream
speech:Speech
    - speech. complete
jobs:Jobs
    - jobs. create
beta_agents:BetaAgents
    - beta.agents. create update
files:Files
    - files. upload
documents:Documents
    - documents. upload update
"""

_COHERE = """
base_client:BaseCohere
    chat - chat chat_stream
    text_completion - generate generate_stream
    embeddings - embed
    - - rerank classify summarize tokenize
v2.client:V2Client
    chat - chat chat_stream
    embeddings - embed
    - - rerank parse
"""
"""``Client.embed`` cuts its texts into batches, and sends them by the inner method from threads."""

_OLLAMA = """
_client:Client
    chat - chat
    text_completion - generate
    embeddings - embed embeddings
    - - create web_search web_fetch
:
    chat - chat
    text_completion - generate
    embeddings - embed embeddings
    - - create web_search web_fetch
"""

_HUGGING_FACE_TASKS = """
    chat - chat_completion
    text_completion - text_generation
    embeddings - feature_extraction sentence_similarity
    - - summarization translation question_answering table_question_answering fill_mask
    - - text_classification token_classification zero_shot_classification
    - - text_to_image text_to_speech text_to_video image_to_image
    - - document_question_answering visual_question_answering
    - - tabular_classification tabular_regression
"""
_HUGGING_FACE = f"""
_client:InferenceClient
{_HUGGING_FACE_TASKS}
_generated._async_client:AsyncInferenceClient
{_HUGGING_FACE_TASKS}
"""

SDKS = (
    Sdk(
        "OpenAI",
        "openai",
        rows("openai.resources", _COMPATIBLE + _OPENAI),
        managers(
            "openai.lib.streaming._assistants:AssistantStreamManager",
            "openai.lib.streaming._assistants:AsyncAssistantStreamManager",
            "openai.lib.streaming.chat._completions:ChatCompletionStreamManager",
            "openai.lib.streaming.chat._completions:AsyncChatCompletionStreamManager",
            "openai.lib.streaming.responses._responses:ResponseStreamManager",
            "openai.lib.streaming.responses._responses:AsyncResponseStreamManager",
            "openai._base_client:AsyncPaginator._get_page",
        ),
    ),
    Sdk(
        "Groq",
        "groq",
        rows("groq.resources", _COMPATIBLE),
        managers("groq._base_client:AsyncPaginator._get_page"),
    ),
    Sdk(
        "Anthropic",
        "anthropic",
        rows("anthropic", _ANTHROPIC),
        managers(
            "anthropic.lib.streaming._messages:MessageStreamManager",
            "anthropic.lib.streaming._messages:AsyncMessageStreamManager",
            "anthropic.lib.streaming._beta_messages:BetaMessageStreamManager",
            "anthropic.lib.streaming._beta_messages:BetaAsyncMessageStreamManager",
            "anthropic._base_client:AsyncPaginator._get_page",
        ),
    ),
    Sdk("Google", "gcp.gemini", rows("google.genai", _GOOGLE)),
    Sdk(
        "Mistral AI",
        "mistral_ai",
        rows("mistralai", _MISTRAL)
        + rows("mistralai.client", _MISTRAL)
        + rows("mistralai.azure.client", _MISTRAL_CHAT)
        + rows("mistralai.gcp.client", _MISTRAL_CHAT)
        + rows("mistralai_azure", _MISTRAL_CHAT)
        + rows("mistralai_gcp", _MISTRAL_CHAT),
    ),
    Sdk("Cohere", "cohere", rows("cohere", _COHERE)),
    Sdk("Ollama", "ollama", rows("ollama", _OLLAMA)),
    Sdk("Hugging Face", "hugging_face", rows("huggingface_hub.inference", _HUGGING_FACE)),
    LITELLM,
)
