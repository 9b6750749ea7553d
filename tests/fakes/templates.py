"""Chat templates in the shape of those that models bring along, much shorter: what they tell and refuse is the same."""

HERMES = """
{%- macro turn(role, text) %}<|im_start|>{{ role }}\n{{ text }}<|im_end|>\n{% endmacro %}
{%- if tools %}
    {%- set told = namespace(text="Tools:") %}
    {%- for tool in tools %}{% set told.text = told.text + "\n" + (tool | tojson) %}{% endfor %}
    {%- set told.text = told.text + '\nCall one as <tool_call>{"name": ..., "arguments": {...}}</tool_call>' %}
    {{- turn("system", told.text) }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == "tool" %}
        {{- turn("user", "<tool_response>\n" + message.content + "\n</tool_response>") }}
    {%- elif message.tool_calls %}
        {{- "<|im_start|>assistant\n" }}
        {%- if message.reasoning_content %}{{ "<think>\n" + message.reasoning_content + "\n</think>\n\n" }}{% endif %}
        {{- message.content }}
        {%- for call in message.tool_calls %}
            {{- '<tool_call>\n{"name": "' + call.function.name + '", "arguments": ' }}
            {{- call.function.arguments if call.function.arguments is string else call.function.arguments | tojson }}
            {{- "}\n</tool_call>" }}
        {%- endfor %}
        {{- "<|im_end|>\n" }}
    {%- else %}
        {{- turn(message.role, message.content.split("</think>")[-1]) }}
    {%- endif %}
{%- endfor %}
{{- "<|im_start|>assistant\n" }}
{%- if enable_thinking is defined and enable_thinking is false %}{{ "<think>\n\n</think>\n\n" }}{% endif %}
"""

THINKING = HERMES[: HERMES.rindex("{{- ")] + '{{- "<|im_start|>assistant\\n<think>\\n" }}'

FUNCTIONS = """
{%- for tool in tools or [] %}
    {{- "<|im_start|>system\n" + tool.function.name + ": " + tool.function.description | trim }}
    {%- for name, field in tool.function.parameters.properties | items %}{{ " " ~ name ~ " " ~ field.type }}{% endfor %}
    {{- "\n<tool_call>\n<function=name>\n<parameter=key>\nvalue\n</parameter>\n</function>\n</tool_call><|im_end|>\n" }}
{%- endfor %}
{%- for message in messages %}
    {{- "<|im_start|>" + message.role + "\n" + message.content }}
    {%- for call in message.tool_calls or [] %}
        {{- "<tool_call>\n<function=" + call.function.name + ">\n" }}
        {%- for name, value in call.function.arguments | items %}
            {{- "<parameter=" + name + ">\n" + value | string + "\n</parameter>\n" }}
        {%- endfor %}
        {{- "</function>\n</tool_call>" }}
    {%- endfor %}
    {{- "<|im_end|>\n" }}
{%- endfor %}
{{- "<|im_start|>assistant\n" }}
"""

LLAMA = """
{%- macro head(role) %}<|start_header_id|>{{ role }}<|end_header_id|>\n\n{% endmacro %}
{%- for message in messages %}
    {%- if message.role == "tool" %}
        {{- head("ipython") + message.content | tojson + "<|eot_id|>" }}
    {%- elif "tool_calls" in message %}
        {%- if message.tool_calls | length != 1 %}{{ raise_exception("one call at a time") }}{% endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- head("assistant") + '{"name": "' + call.name + '", "parameters": ' + call.arguments | tojson + "}<|eot_id|>" }}
    {%- else %}
        {{- head(message.role) }}
        {%- if loop.first and tools is not none %}{% for tool in tools %}{{ tool | tojson(indent=4) }}{% endfor %}{% endif %}
        {{- message.content + "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{{- head("assistant") }}
"""

HARMONY = """
{%- macro message_of(head, text, end="<|end|>") %}<|start|>{{ head }}<|message|>{{ text }}{{ end }}{% endmacro %}
{{- message_of("system", "Today is " + strftime_now("%Y-%m-%d")) }}
{%- if tools %}
    {%- set told = namespace(text="namespace functions {") %}
    {%- for tool in tools %}
        {%- set told.text = told.text + "\n// " + tool.function.description + "\ntype " + tool.function.name %}
    {%- endfor %}
    {{- message_of("developer", told.text + "\n}") }}
{%- endif %}
{%- set last = namespace(name="") %}
{%- for message in messages %}
    {%- if message.tool_calls %}
        {%- if message.content and message.thinking %}{{ raise_exception("thinking or content, not both") }}{% endif %}
        {%- if message.content or message.thinking %}
            {{- message_of("assistant<|channel|>analysis", message.content or message.thinking) }}
        {%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {%- set last.name = call.name %}
        {{- message_of("assistant to=functions." + call.name + "<|channel|>commentary json", call.arguments | tojson, "<|call|>") }}
    {%- elif message.role == "tool" %}
        {{- message_of("functions." + last.name + " to=assistant<|channel|>commentary", message.content | tojson) }}
    {%- elif message.role == "assistant" %}
        {{- message_of("assistant<|channel|>final", message.content) }}
    {%- else %}
        {{- message_of(message.role, message.content) }}
    {%- endif %}
{%- endfor %}
{{- "<|start|>assistant" }}
"""

CHATML = """
{%- for message in messages %}{{ "<|im_start|>" + message.role + "\n" + message.content + "<|im_end|>\n" }}{% endfor %}
{{- "<|im_start|>assistant\n" }}
"""
